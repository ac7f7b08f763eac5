/** What is sold: a worker that knows nothing of payments. */
const CITIES: Record<string, string> = { lisbon: "clear, 21 °C", oslo: "snow, -4 °C" };

export default {
  fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/cities") return Response.json(Object.keys(CITIES));
    const city = /^\/forecast\/(\w+)$/.exec(pathname)?.[1] ?? "";
    const forecast = CITIES[city];
    if (!forecast) return Response.json({ error: "no such city" }, { status: 404 });
    return Response.json({ city, forecast });
  },
};
