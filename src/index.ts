/** `tollbooth-edge`: the public surface. Platforms have entries of their own. */
// biome-ignore-start lint/performance/noBarrelFile: the package's one public entry
export { createTollbooth, type Platform, type Tollbooth, type TollboothOptions } from "./app.ts";
export { type ConfigSource, defineConfig, type Env } from "./config/define.ts";
export { ConfigError, type Fault } from "./config/faults.ts";
export type { TollboothConfig } from "./config/schema.ts";
export type {
  ErrorContext,
  HookContext,
  HookPayment,
  HookPrice,
  HookRequest,
  HookResponse,
  HookStore,
  Hooks,
  PricedContext,
  RefundWish,
  Rejection,
  ResponseContext,
  SettledContext,
} from "./core/hooks.ts";
export type { LimitContext } from "./core/limit.ts";
export type { Emit, Event, Reconciled } from "./core/ports.ts";
// biome-ignore-end lint/performance/noBarrelFile: end of the entry
