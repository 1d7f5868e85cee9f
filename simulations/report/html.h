/* simulations/report/html.h: text that goes into a page which is both HTML and well-formed XML. */
#ifndef GS_SIMULATIONS_REPORT_HTML_H
#define GS_SIMULATIONS_REPORT_HTML_H

#include "chain/core/buf.h"

/* Escapes & < > " '. What is not UTF-8, and characters that XML does not have, become U+FFFD. Good between tags and in quoted values of attributes. */
void gs_html_text(struct gs_buf *to, const char *text);
/* "<TAG>text</TAG>" with the text escaped; tag is ours and may have attributes. */
void gs_html_element(struct gs_buf *to, const char *tag, const char *text);
/* The style sheet: light and dark by the reader's preference, paper. */
extern const char gs_html_style[];

#endif
