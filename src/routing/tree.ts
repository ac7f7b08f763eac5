/** Routes as a tree of path segments. */
import type { Route } from "../core/route.ts";

/** A tree, or a branch of one. */
export type Tree = {
  literals: Map<string, Tree>;
  param: Tree | undefined;
  /** Method → route that ends here. */
  routes: Map<string, Route>;
  /** Method → route whose `*` swallows the rest from here. */
  wildcards: Map<string, Route>;
};

/** One way to read a path: the routes there by method, and what the parameters and the wildcard stand for. */
export type Reading = { routes: Map<string, Route>; values: string[] };

/** Builds the tree; `fold` is applied to every literal segment. */
export function buildTree(routes: Route[], fold: (segment: string) => string): Tree {
  const root = newTree();
  for (const route of routes) insert(root, route, fold);
  return root;
}

/** Every way to read the segments, the most specific first. */
export function readings(tree: Tree, segments: string[], at = 0, values: string[] = []): Reading[] {
  const segment = segments[at];
  if (segment === undefined) return tree.routes.size > 0 ? [{ routes: tree.routes, values }] : [];
  const found: Reading[] = [];
  const literal = tree.literals.get(decodeURIComponent(segment));
  if (literal) found.push(...readings(literal, segments, at + 1, values));
  if (tree.param && segment !== "") {
    found.push(...readings(tree.param, segments, at + 1, [...values, decodeURIComponent(segment)]));
  }
  if (tree.wildcards.size > 0) {
    found.push({ routes: tree.wildcards, values: [...values, segments.slice(at).join("/")] });
  }
  return found;
}

function newTree(): Tree {
  return { literals: new Map(), param: undefined, routes: new Map(), wildcards: new Map() };
}

function insert(root: Tree, route: Route, fold: (segment: string) => string): void {
  let tree = root;
  for (const segment of route.pattern.slice(1).split("/")) {
    if (segment === "*") {
      tree.wildcards.set(route.method, route);
      return;
    }
    tree = segment.startsWith(":") ? paramOf(tree) : literalOf(tree, fold(decodeURIComponent(segment)));
  }
  tree.routes.set(route.method, route);
}

function paramOf(tree: Tree): Tree {
  tree.param ??= newTree();
  return tree.param;
}

function literalOf(tree: Tree, segment: string): Tree {
  const next = tree.literals.get(segment) ?? newTree();
  tree.literals.set(segment, next);
  return next;
}
