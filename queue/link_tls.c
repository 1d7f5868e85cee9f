#include "queue/link_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

enum gs_err gs_link_tls_context(const char *ca_file, SSL_CTX **out, struct gs_error *error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	*out = NULL;
	if (context == NULL)
		return gs_fail(error, GS_ENOMEM, "TLS cannot be set up");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	bool own = ca_file != NULL && ca_file[0] != '\0';
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    (own ? SSL_CTX_load_verify_locations(context, ca_file, NULL) : SSL_CTX_set_default_verify_paths(context)) !=
	            1) {
		SSL_CTX_free(context);
		ERR_clear_error();
		return gs_fail(error, GS_EIO, "%s: no authorities can be read from it (a file in PEM form)",
		               own ? ca_file : "the system's certificates");
	}
	*out = context;
	return GS_OK;
}

enum gs_err gs_link_tls_start(SSL_CTX *context, const char *host, SSL **out)
{
	SSL *ssl = SSL_new(context);
	struct in6_addr address; /* large enough for both families */
	*out = NULL;
	if (ssl == NULL)
		return GS_ENOMEM;
	bool numeric = inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
	int good = numeric ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)
	                   : SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
	if (good != 1) {
		SSL_free(ssl);
		return GS_ENOMEM;
	}
	*out = ssl;
	return GS_OK;
}
