#include "tests/support/fake_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 1 << 20, POLL_MS = 20 };

struct fake_http {
	int listener;
	char url[64];
	char request[REQUEST_MAX];
	char last[REQUEST_MAX];
	struct fake_reply reply;
	size_t requests;
	bool stop;
	pthread_mutex_t mutex;
	pthread_t thread;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static bool stopping(struct fake_http *s)
{
	pthread_mutex_lock(&s->mutex);
	bool stop = s->stop;
	pthread_mutex_unlock(&s->mutex);
	return stop;
}

/* Waits for something to read; false when the server stops. */
static bool readable(struct fake_http *s, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (!stopping(s))
		if (poll(&p, 1, POLL_MS) > 0)
			return true;
	return false;
}

/* Reads one request; returns its body or NULL. */
static char *read_request(struct fake_http *s, int fd)
{
	size_t len = 0;
	while (len < sizeof(s->request) - 1 && readable(s, fd)) {
		ssize_t n = recv(fd, s->request + len, sizeof(s->request) - 1 - len, 0);
		if (n <= 0)
			return NULL;
		len += (size_t)n;
		s->request[len] = '\0';
		char *body = strstr(s->request, "\r\n\r\n"), *length = strcasestr(s->request, "content-length:");
		if (body && length && len >= (size_t)(body + 4 - s->request) + strtoul(length + 15, NULL, 10))
			return body + 4;
	}
	return NULL;
}

static void send_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

/* The body with "$ID" replaced, of each call of a batch; to be freed. */
static char *fill_in(const char *body, const char *request)
{
	const bool batch = request[0] == '[';
	const char *id = strstr(request, "\"id\":");
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);
	must(f != NULL, "open_memstream");
	fputs(batch ? "[" : "", f);
	do {
		const size_t digits = id ? strspn(id + 5, "0123456789") : 0;
		const char *from = body, *at;
		for (; (at = strstr(from, "$ID")); from = at + 3)
			fprintf(f, "%.*s%.*s", (int)(at - from), from, (int)digits, id ? id + 5 : "");
		fputs(from, f);
		id = id && batch ? strstr(id + 5, "\"id\":") : NULL;
		fputs(id ? "," : batch ? "]" : "", f);
	} while (id);
	fclose(f);
	return out;
}

static void answer(struct fake_http *s, int fd)
{
	char *request;
	while ((request = read_request(s, fd))) {
		pthread_mutex_lock(&s->mutex);
		struct fake_reply reply = s->reply;
		strcpy(s->last, request);
		s->requests++;
		pthread_mutex_unlock(&s->mutex);
		if (reply.hang) {
			readable(s, fd);
			return;
		}
		char *body = fill_in(reply.body, request), head[128];
		size_t len = strlen(body);
		if (!reply.raw) {
			int n = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n",
			                 reply.status ? reply.status : 200, len * (reply.repeat + 1));
			send_all(fd, head, (size_t)n);
		}
		for (size_t i = 0; i <= reply.repeat; i++)
			send_all(fd, body, len);
		free(body);
		if (reply.raw)
			return;
	}
}

static void *serve(void *context)
{
	struct fake_http *s = context;
	while (readable(s, s->listener)) {
		int fd = accept(s->listener, NULL, NULL);
		must(fd >= 0, "accept");
		answer(s, fd);
		close(fd);
	}
	return NULL;
}

struct fake_http *fake_http_start(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	struct fake_http *s = calloc(1, sizeof(*s));
	must(s != NULL, "calloc");
	s->reply.body = "";
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(s->listener >= 0 && bind(s->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	             listen(s->listener, 8) == 0 && getsockname(s->listener, (struct sockaddr *)&address, &len) == 0,
	     "listen");
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	pthread_mutex_init(&s->mutex, NULL);
	must(pthread_create(&s->thread, NULL, serve, s) == 0, "pthread_create");
	return s;
}

const char *fake_http_url(const struct fake_http *server)
{
	return server->url;
}

void fake_http_reply(struct fake_http *server, struct fake_reply reply)
{
	pthread_mutex_lock(&server->mutex);
	server->reply = reply;
	pthread_mutex_unlock(&server->mutex);
}

size_t fake_http_requests(const struct fake_http *server)
{
	struct fake_http *s = (struct fake_http *)server;
	pthread_mutex_lock(&s->mutex);
	const size_t requests = s->requests;
	pthread_mutex_unlock(&s->mutex);
	return requests;
}

const char *fake_http_last_request(const struct fake_http *server)
{
	return server->last;
}

void fake_http_stop(struct fake_http *server)
{
	pthread_mutex_lock(&server->mutex);
	server->stop = true;
	pthread_mutex_unlock(&server->mutex);
	pthread_join(server->thread, NULL);
	close(server->listener);
	pthread_mutex_destroy(&server->mutex);
	free(server);
}
