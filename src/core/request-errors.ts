/** Failures before a payment is looked at: what is wrong with the request itself, or what the seller does not take. */
export const REQUEST_ERRORS = {
  request_malformed: {
    status: 400,
    title: "The request is not HTTP.",
    hint: "Nothing was charged.",
  },
  request_timeout: {
    status: 408,
    title: "The headers did not arrive in time.",
    hint: "Nothing was charged. Repeat the call; a payment can be presented again as it is.",
  },
  url_too_long: {
    status: 414,
    title: "The URL is too long.",
    hint: "Nothing was charged. Send a shorter one.",
  },
  headers_too_large: {
    status: 431,
    title: "The headers are too large.",
    hint: "Nothing was charged. Send fewer.",
  },
  path_not_canonical: {
    status: 400,
    title: "The path is not in canonical form.",
    hint: "Send it without //, dot segments, ';', backslashes, or escapes of characters that need none.",
  },
  route_not_found: {
    status: 404,
    title: "No route matches this request.",
    hint: "Check the method and the path.",
  },
  method_not_allowed: {
    status: 405,
    title: "This path does not take that method.",
    hint: "Use one of the methods in the Allow header.",
  },
  maintenance: {
    status: 503,
    title: "This service is closed for maintenance.",
    hint: "Nothing was charged. Repeat the call after Retry-After seconds; a payment can be presented again as it is.",
  },
  body_too_large: {
    status: 413,
    title: "The body is too large.",
    hint: "Nothing was charged, unless PAYMENT-RESPONSE is present. Send a shorter one.",
  },
  body_timeout: {
    status: 408,
    title: "The body did not arrive in time.",
    hint: "Nothing was charged, unless PAYMENT-RESPONSE is present. Repeat the call; a payment can be presented again as it is.",
  },
  body_incomplete: {
    status: 400,
    title: "The body broke off.",
    hint: "Nothing was charged. Repeat the call; a payment can be presented again as it is.",
  },
  body_encoded: {
    status: 415,
    title: "The body is compressed, and the price of this call depends on it.",
    hint: "Send it without Content-Encoding.",
  },
  body_not_json: {
    status: 400,
    title: "The body is not JSON, and the price of this call depends on it.",
    hint: "Send one JSON value in UTF-8 as application/json, in which no object has a name twice.",
  },
  body_not_priceable: {
    status: 400,
    title: "The body is not what the price of this call depends on.",
    hint: "Send the member named in detail once, and with the type that the API documents.",
  },
  query_ambiguous: {
    status: 400,
    title: "The query can be read in two ways, and the price of this call depends on it.",
    hint: "Send each name once, as the API documents it.",
  },
  model_unknown: {
    status: 400,
    title: "There is no price for this model.",
    hint: "Ask for a model that this gateway sells.",
  },
  routes_loading: {
    status: 503,
    title: "What is sold here is not known yet.",
    hint: "Nothing was charged. Repeat the call after Retry-After seconds.",
  },
  admin_unauthorized: {
    status: 401,
    title: "This is for operators.",
    hint: "Send Authorization: Bearer, with the token of gateway.admin.",
  },
  purge_invalid: {
    status: 400,
    title: "What is to be forgotten is not said.",
    hint: 'Send JSON with one or more of all: true, routes: ["GET /data/:id"], urls: ["https://…"], tags: ["…"].',
  },
  rejected: {
    status: 403,
    title: "The rules of this service refuse the call.",
    hint: "Nothing was charged, unless PAYMENT-RESPONSE is present.",
  },
  price_failed: {
    status: 500,
    title: "The price of this call cannot be told.",
    hint: "Nothing was charged. The operator finds the cause in the log under this answer's id.",
  },
  rate_limited: {
    status: 429,
    title: "Too many calls.",
    hint: "Nothing was charged. Repeat the call after Retry-After seconds; a payment can be presented again as it is.",
  },
} as const satisfies Record<string, { status: number; title: string; hint: string }>;
