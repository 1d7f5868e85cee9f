/* validator/models/download.h: one file over HTTP or HTTPS, into a file that is there, going on where an earlier attempt stopped.
 *
 * Whether the server still has the version that the part is of, its ETag says (RFC 9110, 13.1.5: If-Range); without one the part goes on as
 * it is, and whoever checks the whole finds a mixture out. Certificates are verified; https never leads to http. */
#ifndef GS_VALIDATOR_MODELS_DOWNLOAD_H
#define GS_VALIDATOR_MODELS_DOWNLOAD_H

#include "chain/core/core.h"

enum {
	GS_DOWNLOAD_REDIRECTS_MAX = 5,
	GS_DOWNLOAD_TRIES = 4,              /* a connection that breaks is made again, as long as bytes come */
	GS_DOWNLOAD_HEADER_MAX = 64 * 1024, /* of all answers of one try */
	GS_DOWNLOAD_CONNECT_MS = 15 * 1000,
	GS_DOWNLOAD_LEAST_BYTES_S = 1024, /* slower than this for stall_s: given up, and gone on with later */
	GS_DOWNLOAD_STALL_S = 30,
	GS_DOWNLOAD_HEAD_BYTES = 552, /* magic and header of a program file (load.h) */
};

struct gs_download {
	const char *url;
	const char *ca_file; /* PEM; NULL: the system's authorities */
	const char *proxy;   /* NULL: none; the environment's are never used */
	uint64_t bytes_max;
	unsigned stall_s; /* 0: GS_DOWNLOAD_STALL_S */
	int fd;           /* read and write; holds what an earlier attempt got */
	const char *mark; /* path of a small file for the ETag of what fd holds */
	/* Looks at the first bytes as soon as they are there, GS_DOWNLOAD_HEAD_BYTES or the whole file; an error ends the download with it. NULL: nobody. */
	enum gs_err (*head)(void *self, struct gs_bytes bytes, struct gs_error *error);
	/* How far it is; total 0: not known. False: give up (GS_EAGAIN). NULL: nobody. */
	bool (*progress)(void *self, uint64_t bytes, uint64_t total);
	void *self;
};

/* fd holds the whole file then, synced, *bytes of it. GS_ELIMIT: larger than bytes_max. GS_ENOTFOUND: the server has none (404, 410). GS_EAGAIN: given up by `progress`.
 * GS_EIO: all else; what came is in fd. */
GS_MUST enum gs_err gs_download_run(const struct gs_download *download, uint64_t *bytes, struct gs_error *error);

#endif
