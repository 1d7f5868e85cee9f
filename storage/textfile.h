/* storage/textfile.h: small files of text, read whole and replaced whole. */
#ifndef GS_STORAGE_TEXTFILE_H
#define GS_STORAGE_TEXTFILE_H

#include "chain/core/buf.h"

/* Appends the file to out, whose own limit is the file's. GS_ENOTFOUND: there is none; GS_ELIMIT: larger than that; GS_EIO. */
GS_MUST enum gs_err gs_textfile_read(const char *path, struct gs_buf *out, struct gs_error *error);
/* Writes text and a newline to PATH.new, then renames it: after a crash, of the machine too, there is the old file or the new one. */
GS_MUST enum gs_err gs_textfile_replace(const char *path, const char *text, struct gs_error *error);

#endif
