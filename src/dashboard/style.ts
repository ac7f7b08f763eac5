/** How the pages look: dark and light as the reader has it, from 320 pixels on. */
export const STYLE = `:root{color-scheme:light dark;--ink:#16202b;--dim:#5b6774;--line:#d8dee5;--paper:#fff;--card:#f5f7f9;--mark:#0a6b5d;--warn:#9a3412}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--dim:#9aa7b4;--line:#2e3843;--paper:#10161c;--card:#182028;--mark:#4fd1b5;--warn:#fdba74}}
*{box-sizing:border-box}body{margin:0 auto;padding:16px;max-width:1000px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center}h1{font-size:20px;margin:0;flex:1}h2{font-size:16px;margin:28px 0 8px}
a{color:var(--mark)}nav a{margin-right:10px}nav a[aria-current]{color:inherit;text-decoration:none;font-weight:600}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin-top:16px}
.tiles div{background:var(--card);border-radius:8px;padding:10px 12px}.tiles b{display:block;font-size:20px;overflow-wrap:anywhere}.tiles span,small,caption,figcaption,summary,svg text{color:var(--dim);font-size:13px}
svg text{fill:var(--dim);font-size:12px}time{white-space:nowrap}svg{width:100%;height:auto;display:block}.note{color:var(--dim);font-size:13px;margin:0 0 6px}.key{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:8px;background:var(--c)}.bar{fill:var(--c)}.paid,.s-delivered{--c:#12907c}.ahead,.s-settled{--c:#3f87cf}.free{--c:#7f8a95}.offered,.s-offered,.s-presented{--c:#8a76d6}.rejected{--c:#c2782a}.limited{--c:#a18a14}.refused{--c:#b5689f}.upstream,.s-owed{--c:#d9544f}.gateway{--c:#9f2d48}
.grid{stroke:var(--line)}.line{fill:none;stroke:var(--mark);stroke-width:2}.area{fill:var(--mark);opacity:.15}
figure{margin:8px 0 16px}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}caption{text-align:left;padding:4px 0}th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--line);white-space:nowrap}
.n{text-align:right;font-variant-numeric:tabular-nums}.owed,.doubt{color:var(--warn)}code{font-size:12px}
form.login{max-width:360px;margin:15vh auto;display:grid;gap:10px}input,button{font:inherit;padding:8px 10px;border:1px solid var(--line);border-radius:6px;background:var(--card);color:inherit}button{cursor:pointer}
:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
@media(max-width:600px){svg text{font-size:24px}table{font-size:13px}th,td{padding-right:6px}td:first-child{white-space:normal;overflow-wrap:anywhere;min-width:124px}}`;
