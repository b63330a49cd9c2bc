/** The looks of a report: no font, picture or script from anywhere. Dark where the reader's screen is, and good on paper. */
export const pageStyle = `
:root{color-scheme:light dark;--ink:#16202b;--dim:#5d6b7a;--line:#dfe5ec;--paper:#f4f6f9;--card:#fff;
--good:#15803d;--bad:#b42318;--odd:#a15c07;--recover:#2563eb;--check:#9aa8b8}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--dim:#9aa8b8;--line:#2b3642;--paper:#10161d;--card:#18212b;
--good:#4ade80;--bad:#f87171;--odd:#fbbf24;--recover:#60a5fa;--check:#5d6b7a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:960px;margin:0 auto;padding:32px 20px 64px}
header{background:var(--card);border:1px solid var(--line);border-left:8px solid var(--tone);border-radius:12px;padding:24px 28px}
.proved{--tone:var(--good)}.failed{--tone:var(--bad)}.error{--tone:var(--odd)}
.over{margin:0;color:var(--dim);font-size:13px;letter-spacing:.02em}
h1{margin:2px 0 10px;font-size:30px;line-height:1.2;overflow-wrap:anywhere}
.verdict{margin:0;font-size:16px}.verdict b{color:var(--tone);font-size:20px;margin-right:6px}
.reason{margin:12px 0 0;padding:10px 14px;border-radius:8px;background:color-mix(in srgb,var(--tone) 10%,transparent);overflow-wrap:anywhere;white-space:pre-line}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:16px 0}
.figure{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px;display:flex;flex-direction:column}
.figure span{color:var(--dim);font-size:13px}.figure b{font-size:21px;line-height:1.35;overflow-wrap:anywhere}
.figure small{color:var(--dim);font-size:12.5px;line-height:1.4}
.figure.met b{color:var(--good)}.figure.missed b{color:var(--bad)}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 24px;margin:16px 0}
h2{margin:0 0 12px;font-size:17px}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;font-weight:500;vertical-align:top;padding:5px 12px 5px 0;overflow-wrap:anywhere}
td{vertical-align:top;padding:5px 0;overflow-wrap:anywhere;color:var(--dim)}
.timeline th{width:34%}.timeline td:last-child{width:96px;text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.bar{position:relative;background:linear-gradient(var(--line),var(--line)) 0 50%/100% 1px no-repeat}
.bar i{position:absolute;top:9px;height:14px;border-radius:4px;background:var(--recover)}
.check .bar i{background:var(--check)}.timeline .bad .bar i{background:var(--bad)}
.legend{margin:12px 0 0;font-size:12.5px;color:var(--dim)}
.legend span{margin-right:18px}.legend span::before{content:"";display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;vertical-align:-1px;background:var(--recover)}
.legend .check::before{background:var(--check)}
details{border-top:1px solid var(--line);padding:10px 0}details:first-of-type{border-top:0}
summary{cursor:pointer}summary b{margin-right:6px}summary em{float:right;font-style:normal;font-weight:600;color:var(--dim)}
details.good em{color:var(--good)}details.bad em{color:var(--bad)}
details table{margin:8px 0 4px}details th{width:55%}
details tr.good th::before{content:"✓ ";color:var(--good)}details tr.bad th::before{content:"✗ ";color:var(--bad)}
details tr.bad td{color:var(--bad)}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
ul{margin:0;padding-left:20px}
@media (max-width:560px){.timeline th{width:44%}details th{width:auto}summary em{float:none;display:block}}
@media print{body{background:#fff}header,section,.figure{break-inside:avoid}}
`
