/* queue/link_tls.h: what a TLS connection of a link is made with. */
#ifndef GS_QUEUE_LINK_TLS_H
#define GS_QUEUE_LINK_TLS_H

#include <openssl/ssl.h>

#include "chain/core/core.h"

/* Trusts the authorities of the file, or the system's when it is NULL or "". *out: SSL_CTX_free. */
GS_MUST enum gs_err gs_link_tls_context(const char *ca_file, SSL_CTX **out, struct gs_error *error);
/* A client's connection that accepts nothing but a certificate of this host, a name or an address. *out: SSL_free. */
GS_MUST enum gs_err gs_link_tls_start(SSL_CTX *context, const char *host, SSL **out);

#endif
