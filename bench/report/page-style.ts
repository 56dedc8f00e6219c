/** The style sheet of the report page. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #fff; --line: #e2e6eb; --ink: #17202a; --soft: #5d6b7a;
  --good: #1a7f4b; --bad: #c0392b;
  --blue: #2f6fde; --orange: #d9730d; --green: #1a9a5c; --red: #d1433a; --violet: #7d4fd1;
  --grey: #7b8794;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161b; --card: #1b2128; --line: #2c343d; --ink: #e8edf2; --soft: #97a3b0;
    --good: #3ecf8e; --bad: #ff7b6e;
    --blue: #6ea0ff; --orange: #ffa657; --green: #3ecf8e; --red: #ff7b72; --violet: #b392f0;
    --grey: #8b97a3;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1240px; padding: 28px 24px 40px; background: var(--ground);
  color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
header { display: flex; justify-content: space-between; align-items: center; gap: 24px; }
h1 { margin: 0; font-size: 26px; line-height: 1.25; letter-spacing: -0.01em; }
h2 { margin: 0; font-size: 16px; }
header p, .plot p, .lanes p { margin: 2px 0 0; color: var(--soft); }
.plot p, .lanes p { font-size: 13px; }
header strong {
  padding: 6px 14px; border-radius: 999px; border: 1.5px solid currentColor; white-space: nowrap;
}
.good { color: var(--good); }
.bad { color: var(--bad); }
.problems, .plot, .details, .lanes, .log, .figures div {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
}
.problems { margin-top: 20px; padding: 14px 18px; border-color: var(--bad); }
.problems ul { margin: 6px 0 0; padding-left: 20px; }
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 14px;
  margin: 22px 0 16px;
}
.figures div { display: flex; flex-direction: column; padding: 12px 16px 14px; }
.figures span, .figures small { color: var(--soft); font-size: 13px; }
.figures b { margin-top: auto; font-size: 25px; font-weight: 650; letter-spacing: -0.02em; line-height: 1.4; }
#plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(500px, 1fr)); gap: 16px; }
.plot, .lanes { padding: 16px 18px 10px; min-width: 0; }
.lanes { margin-bottom: 16px; }
.chart { margin-top: 10px; }
.details { margin-top: 16px; padding: 16px 18px; }
dl {
  display: grid; grid-template-columns: max-content 1fr max-content 1fr; gap: 4px 18px;
  margin: 10px 0 0; font-size: 14px;
}
.log { margin-top: 16px; padding: 16px 18px; }
.log div { margin-top: 10px; max-height: 420px; overflow: auto; }
.log table { border-collapse: collapse; font: 12.5px/1.5 ui-monospace, monospace; }
.log td { padding: 1px 16px 1px 0; vertical-align: top; white-space: pre-wrap; overflow-wrap: anywhere; }
.log td:first-child { color: var(--soft); text-align: right; white-space: nowrap; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 18px; color: var(--soft); font-size: 13px; }
.u-legend { font-size: 13px; color: var(--soft); text-align: left; padding-left: 6px; }
.u-legend th { font-weight: 500; }
.u-legend .u-value { color: var(--ink); font-variant-numeric: tabular-nums; }
@media (max-width: 760px) {
  #plots { grid-template-columns: 1fr; }
  header { flex-direction: column; align-items: flex-start; }
  body { padding: 18px 12px 28px; }
  .plot, .lanes { padding: 14px 10px 8px; }
  dl { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px; }
  .figures div:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .figures b { font-size: 21px; }
}
`
