/** Shows an answer without trusting it: as text, as media of its own bytes, or in a frame in which nothing runs. */

/** Makes an element; strings among its children stay text. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  fields: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), fields);
  element.append(...children);
  return element;
}

/** Puts the answer into the place. Rejects when its body breaks off. */
export async function show(response: Response, place: HTMLElement): Promise<void> {
  const type = (response.headers.get("content-type") ?? "").toLowerCase();
  const [kind = ""] = type.split(/[/;]/);
  if (type.startsWith("text/event-stream")) return follow(response, place);
  const body = await response.blob();
  if (body.size === 0) return place.replaceChildren(make("p", {}, "The answer is empty."));
  const src = URL.createObjectURL(body);
  const download = location.pathname.split("/").pop() || "answer";
  const save = make("p", {}, make("a", { href: src, download }, "Save the answer"));
  place.replaceChildren(...(await shown(type, kind, body, src)), save);
}

async function shown(type: string, kind: string, body: Blob, src: string): Promise<Node[]> {
  if (kind === "image") return [make("img", { src, alt: "The answer" })];
  if (kind === "audio") return [make("audio", { src, controls: true })];
  if (kind === "video") return [make("video", { src, controls: true })];
  if (/^(text\/html|application\/xhtml)/.test(type)) {
    const frame = make("iframe", { title: "The answer", srcdoc: await body.text() });
    // No scripts, no origin, no forms; the page's own policy holds inside as well.
    frame.setAttribute("sandbox", "");
    return [frame];
  }
  if (/^application\/([\w.-]+\+)?json/.test(type)) return [make("pre", {}, pretty(await body.text()))];
  if (kind === "text" || /^application\/(xml|[\w.-]+\+xml)/.test(type))
    return [make("pre", {}, await body.text())];
  return [make("p", {}, `The answer is a file: ${body.size} bytes, ${type || "of no known kind"}.`)];
}

/** Indented, unless that would change what is said: numbers that JavaScript cannot hold, names that are there twice. */
function pretty(text: string): string {
  try {
    const value = JSON.parse(text);
    const dense = text.replace(/("(?:\\.|[^"\\])*")|\s+/g, "$1");
    return JSON.stringify(value) === dense ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}

/** Events are shown as they come. */
async function follow(response: Response, place: HTMLElement): Promise<void> {
  const text = make("pre");
  place.replaceChildren(text);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read())
    text.append(part.value);
}
