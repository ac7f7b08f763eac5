/** In the package the configuration is the user's: whoever bundles an entry says where it is. */
import type { ConfigSource } from "../index.ts";

declare const config: ConfigSource;
export default config;
