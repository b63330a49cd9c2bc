/** The looks of a kit: black on white, no font, picture or script from anywhere, and on one page of A4 as of Letter. */
export const kitPageStyle = `
@page{margin:11mm 13mm}
*{box-sizing:border-box}
html{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{margin:0;background:#eef1f5;color:#16202b;font:var(--size)/1.35 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{width:100%;max-width:200mm;margin:8mm auto;padding:10mm 12mm;background:#fff;border-radius:4mm;box-shadow:0 1px 6px #0002}
header{display:flex;justify-content:space-between;align-items:baseline;gap:6mm;border-bottom:.6mm solid #16202b;padding-bottom:.4em}
h1{margin:0;font-size:1.9em;line-height:1.15;overflow-wrap:anywhere}header p{margin:0;color:#5d6b7a;text-align:right}
p{margin:0}
.opens{display:flex;gap:6mm;align-items:flex-start;margin:.8em 0 .4em}
.opens>div{flex:1;min-width:0}
.vaults{border:.3mm solid #16202b;border-radius:2mm;padding:.6em .9em;margin-bottom:.6em;break-inside:avoid}
.vault{overflow-wrap:anywhere}
b.label{display:inline-block;color:#5d6b7a;font-weight:600;min-width:8.2em}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.code{white-space:nowrap}.code code{font-size:1.28em;font-weight:700;letter-spacing:.01em}
.words{display:grid;grid-template-columns:repeat(5,1fr);gap:0 .6em;margin-top:.25em;padding-top:.25em;border-top:.2mm dashed #9aa8b8}
.words span{white-space:nowrap}.words i{display:inline-block;width:1.7em;color:#5d6b7a;font-style:normal;text-align:right;margin-right:.5em}
.note{color:#5d6b7a;font-size:.92em}
.opens>.qr{flex:none;width:40mm;text-align:center;font-size:.85em;color:#5d6b7a;line-height:1.2}.qr svg{display:block;width:100%;height:auto}
.facts{display:flex;flex-wrap:wrap;gap:0 8mm}
.need{display:flex;gap:3mm;align-items:flex-end;margin-top:.3em}.need code{min-width:16em}.need i{flex:1;border-bottom:.25mm solid #16202b;min-height:1.5em}
.field{display:inline-block;letter-spacing:.1em}
h2{margin:.75em 0 .2em;font-size:1.12em}
pre{margin:0;padding:.3em .7em;background:#f1f4f8;border-left:.8mm solid #9aa8b8;border-radius:.8mm;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.94em;line-height:1.32}
section{break-inside:avoid}
@media print{.vault{white-space:nowrap}body{background:#fff}main{max-width:none;margin:0;padding:0;border-radius:0;box-shadow:none}}
@media (max-width:560px){.opens{flex-direction:column}.words{grid-template-columns:repeat(3,1fr)}header{display:block}header p{text-align:left}main{padding:5mm;margin:0}.code{white-space:normal}}
`
