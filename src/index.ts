/** `tollbooth-edge`: the public surface. Platforms have entries of their own. */
// biome-ignore-start lint/performance/noBarrelFile: the package's one public entry
export { createTollbooth, type Platform, type Tollbooth, type TollboothOptions } from "./app.ts";
export { type ConfigSource, defineConfig, type Env } from "./config/define.ts";
export { ConfigError, type Fault } from "./config/faults.ts";
export type { TollboothConfig } from "./config/typed.ts";
export type { Emit, Event } from "./core/events.ts";
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
  ResponseContext,
  SettledContext,
} from "./core/hooks.ts";
export type { LimitContext } from "./core/limit.ts";
export type { Reconciled } from "./core/ports.ts";
export type { PriceFunction, PriceInput, PriceResult } from "./core/pricing.ts";
export type { Rejection } from "./core/reject.ts";
// biome-ignore-end lint/performance/noBarrelFile: end of the entry
