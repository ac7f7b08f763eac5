/** In the package the descriptions are the user's: whoever bundles an entry says where they are (`tollbooth specs`). */
declare const specs: Record<string, unknown>;
export default specs;
