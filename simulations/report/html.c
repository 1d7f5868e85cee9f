#include "simulations/report/html.h"

#include <string.h>

/* Length of the UTF-8 sequence at p that XML 1.0 allows (section 2.2), 0 when there is none. */
static unsigned good_sequence(const unsigned char *p)
{
	if (p[0] < 0x80)
		return p[0] >= 0x20 || p[0] == '\t' || p[0] == '\n' || p[0] == '\r' ? 1 : 0;
	unsigned len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t code = p[0] & (0xffU >> (len + 1));
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	for (unsigned i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0; /* the zero at the end, too */
		code = code << 6 | (p[i] & 0x3fU);
	}
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	bool character = code >= least[len] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) &&
	                 (code & 0xfffe) != 0xfffe;
	return character && (code < 0x80 || code > 0x9f) ? len : 0;
}

void gs_html_text(struct gs_buf *to, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0';) {
		unsigned len = good_sequence(p);
		switch (len == 1 ? *p : 0) {
		case '&': gs_buf_append_text(to, "&amp;"); break;
		case '<': gs_buf_append_text(to, "&lt;"); break;
		case '>': gs_buf_append_text(to, "&gt;"); break;
		case '"': gs_buf_append_text(to, "&quot;"); break;
		case '\'': gs_buf_append_text(to, "&#39;"); break;
		default:
			if (len == 0)
				gs_buf_append_text(to, "\xef\xbf\xbd");
			else
				gs_buf_append(to, p, len);
		}
		p += len > 0 ? len : 1;
	}
}

void gs_html_element(struct gs_buf *to, const char *tag, const char *text)
{
	gs_buf_append_text(to, "<%s>", tag);
	gs_html_text(to, text);
	gs_buf_append_text(to, "</%.*s>", (int)strcspn(tag, " "), tag);
}

/* Without quotes, & and <: HTML takes it as it is, XML would not. */
const char gs_html_style[] =
	":root{color-scheme:light dark;--paper:#fff;--ink:#1b1b1b;--soft:#5c5c5c;--line:#d4d4d4;--panel:#f6f6f4;--bad:#b3261e;"
	"--s0:#0b62a4;--s1:#c2410c;--s2:#0f766e;--s3:#8e3a9d;--s4:#8a6100;--s5:#4d5560;--gain:#0b62a4;--loss:#c2410c}\n"
	"@media(prefers-color-scheme:dark){:root{--paper:#15171a;--ink:#e8e6e3;--soft:#a5a5a5;--line:#3a3e44;--panel:#1e2126;--bad:#ff8a80;"
	"--s0:#6cb6f5;--s1:#ff9a5c;--s2:#4fd1c0;--s3:#d79be4;--s4:#e3bd4f;--s5:#b4bcc8;--gain:#6cb6f5;--loss:#ff9a5c}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,Segoe UI,DejaVu Sans,sans-serif}\n"
	"main{max-width:62rem;margin:0 auto;padding:2rem 1.25rem 4rem}\n"
	"h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 1rem;text-wrap:balance}\n"
	"h2{font-size:1.2rem;margin:2.6rem 0 .6rem;border-top:1px solid var(--line);padding-top:1.4rem}\n"
	"h3{font-size:1rem;margin:0 0 .2rem}\n"
	"p{margin:.5rem 0}p.kicker,figcaption,.note{color:var(--soft);font-size:.9rem}p.kicker{margin:0}\n"
	"code{font:.86em/1.5 ui-monospace,DejaVu Sans Mono,monospace;overflow-wrap:anywhere}\n"
	".verdict{border-left:4px solid var(--s2);background:var(--panel);padding:.6rem .9rem;margin:1rem 0}.verdict.bad{border-color:var(--bad)}\n"
	"dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.9rem;margin:1rem 0}\n"
	"dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}\n"
	"figure{margin:1.6rem 0 2.2rem;max-width:48rem}\n"
	"figure>svg{display:block;width:100%;height:auto;margin:.4rem 0}\n"
	"svg text{font:12px system-ui,-apple-system,Segoe UI,DejaVu Sans,sans-serif;fill:var(--ink)}\n"
	"svg text.soft{fill:var(--soft)}svg .grid{stroke:var(--line);stroke-width:1}svg .axis{stroke:var(--soft);stroke-width:1}\n"
	"svg .line{fill:none;stroke-width:2}svg .curve{fill:none;stroke-width:1.5;stroke-dasharray:2 4;stroke-linecap:round}\n"
	"svg .band{opacity:.16}svg .whisker{stroke:var(--ink);stroke-width:1.5}svg .edge{fill:none;stroke-width:3}\n"
	"svg .expected{fill:var(--paper);stroke:var(--ink);stroke-width:1.5}\n"
	"details{font-size:.86rem}summary{cursor:pointer;color:var(--soft)}\n"
	".wide{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0;font-variant-numeric:tabular-nums}\n"
	"th,td{padding:.16rem .7rem .16rem 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}\n"
	"th{font-weight:600}th:first-child,td:first-child,.text{text-align:left}td.text,th.text{white-space:normal}\n"
	".stepper{display:flex;flex-wrap:wrap;gap:.1rem .25rem;align-items:center;margin:1rem 0;font-size:.9rem}\n"
	".stepper>input{margin:0;width:.8rem;height:.8rem;accent-color:var(--s0);cursor:pointer}\n"
	".step{display:none;order:1;flex:0 0 100%;border-left:4px solid var(--s0);background:var(--panel);padding:.4rem .9rem;margin:.6rem 0}\n"
	"input:checked+.step{display:block}.step ul{margin:.4rem 0;padding-left:1.2rem}.step li.of{list-style:none;color:var(--soft)}\n"
	".step label{cursor:pointer;color:var(--s0);text-decoration:underline;margin-left:.8rem}.step tr.now td{font-weight:600}\n"
	"svg,.verdict{-webkit-print-color-adjust:exact;print-color-adjust:exact}\n"
	"@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--panel:#f3f3f3;--bad:#b3261e;"
	"--s0:#0b62a4;--s1:#c2410c;--s2:#0f766e;--s3:#8e3a9d;--s4:#8a6100;--s5:#4d5560;--gain:#0b62a4;--loss:#c2410c}\n"
	"body{font-size:10.5pt}main{max-width:none;padding:0}figure{break-inside:avoid;margin:1rem 0;max-width:150mm}h2,h3{break-after:avoid}"
	".stepper{display:block}.stepper>input,.step label,.step table{display:none}.step{display:block;break-inside:avoid;background:none;padding:0 .6rem;margin:.2rem 0}"
	".step:last-child table{display:table}"
	"figure details:not([open]){display:none}@page{margin:18mm 16mm}}\n";
