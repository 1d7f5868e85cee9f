/* A Redis behind a name with several addresses: each is tried, in their order, and only the last one's failure is told. The
 * resolver is this file's own, since what "localhost" is differs from machine to machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "queue/queue.h"

enum { ADDRESSES = 3, PATIENCE_MS = 60000, SHORT_PATIENCE_MS = 500 };

static struct sockaddr_storage address[ADDRESSES]; /* what the name stands for now */
static unsigned addresses;

int evutil_getaddrinfo(const char *nodename, const char *servname, const struct evutil_addrinfo *hints_in,
                       struct evutil_addrinfo **res)
{
	assert_string_equal(nodename, "somewhere");
	assert_non_null(servname);
	assert_non_null(hints_in);
	*res = NULL;
	for (unsigned i = addresses; i-- > 0;) {
		struct evutil_addrinfo *one = calloc(1, sizeof(*one));
		assert_non_null(one);
		one->ai_family = address[i].ss_family;
		one->ai_socktype = SOCK_STREAM;
		one->ai_addr = (struct sockaddr *)&address[i];
		one->ai_addrlen = address[i].ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
		                                                   : sizeof(struct sockaddr_in);
		one->ai_next = *res;
		*res = one;
	}
	return addresses > 0 ? 0 : EVUTIL_EAI_NONAME;
}

void evutil_freeaddrinfo(struct evutil_addrinfo *ai)
{
	while (ai != NULL) {
		struct evutil_addrinfo *next = ai->ai_next;
		free(ai);
		ai = next;
	}
}

/* A port of 127.0.0.1 that is taken; where nobody listens, whoever comes is refused. */
static int take_port(unsigned which, bool listens)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	if (listens)
		assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	memset(&address[which], 0, sizeof(address[which]));
	memcpy(&address[which], &at, sizeof(at));
	return fd;
}

/* A greeting, and the answer to a question for the counts; then whatever comes is read until the other side goes. */
static void *redis_main(void *self)
{
	static const char answers[] = "$19\r\nredis_version:7.0.0\r\n$27\r\nmaxmemory_policy:noeviction\r\n"
				      "*5\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n";
	const char *at = answers;
	const size_t parts[] = {strlen("$19\r\nredis_version:7.0.0\r\n"),
	                        strlen("$27\r\nmaxmemory_policy:noeviction\r\n"),
	                        strlen("*5\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n")};
	const int fd = accept(*(const int *)self, NULL, NULL);
	char bytes[4096], all[16384] = "";
	size_t have = 0, said = 0;
	ssize_t n;
	while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0) {
		memcpy(all + have, bytes, (size_t)n);
		have += (size_t)n;
		all[have] = '\0';
		/* Nothing is answered before it is asked. */
		const char *asked[] = {"server", "memory", "EVAL"};
		while (said < 3 && strstr(all, asked[said]) != NULL) {
			assert_int_equal(write(fd, at, parts[said]), (ssize_t)parts[said]);
			at += parts[said++];
		}
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

struct answer {
	struct event_base *base;
	bool there;
	enum gs_err err;
	struct gs_queue_counts counts;
	struct gs_error error;
};

static void on_counts(void *self, enum gs_err err, const struct gs_queue_counts *counts, const struct gs_error *error)
{
	struct answer *answer = self;
	answer->there = true;
	answer->err = err;
	if (err == GS_OK)
		answer->counts = *counts;
	else
		answer->error = *error;
}

static struct answer ask(uint32_t patience_ms)
{
	const struct gs_queue_options options = {
		.url = "redis://somewhere:6379", .name = "test", .patience_ms = patience_ms};
	struct answer answer = {.base = event_base_new()};
	struct gs_queue *queue;
	struct gs_error error;
	assert_int_equal(gs_queue_open(answer.base, &options, &queue, &error), GS_OK);
	assert_int_equal(gs_queue_count(queue, on_counts, &answer, &error), GS_OK);
	while (!answer.there)
		assert_int_equal(event_base_loop(answer.base, EVLOOP_ONCE), 0);
	gs_queue_close(queue);
	event_base_free(answer.base);
	return answer;
}

static void first_addresses_refuse(void **state)
{
	(void)state;
	int fd[ADDRESSES];
	pthread_t redis;
	for (unsigned i = 0; i < ADDRESSES; i++)
		fd[i] = take_port(i, i == ADDRESSES - 1);
	/* ::1 first, as in many a Debian's /etc/hosts; where there is no IPv6 at all it fails at once, which must do as well. */
	close(fd[0]);
	memset(&address[0], 0, sizeof(address[0]));
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	six.sin6_port = ((struct sockaddr_in *)&address[1])->sin_port; /* taken by us, not listening, on 127.0.0.1 */
	int other = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (other >= 0)
		(void)bind(other, (struct sockaddr *)&six, sizeof(six)); /* nor does anybody on ::1 */
	memcpy(&address[0], &six, sizeof(six));
	addresses = ADDRESSES;
	assert_int_equal(pthread_create(&redis, NULL, redis_main, &fd[ADDRESSES - 1]), 0);
	struct answer answer = ask(PATIENCE_MS);
	assert_int_equal(answer.err, GS_OK);
	assert_int_equal(answer.counts.unfinished, 1);
	assert_int_equal(answer.counts.ids, 5);
	pthread_join(redis, NULL);
	for (unsigned i = 1; i < ADDRESSES; i++)
		close(fd[i]);
	if (other >= 0)
		close(other);
}

static void all_refuse(void **state)
{
	(void)state;
	int fd[ADDRESSES];
	for (unsigned i = 0; i < ADDRESSES; i++)
		fd[i] = take_port(i, false);
	addresses = ADDRESSES;
	struct answer answer = ask(SHORT_PATIENCE_MS);
	assert_int_equal(answer.err, GS_EIO);
	assert_non_null(strstr(answer.error.text, "refused"));
	for (unsigned i = 0; i < ADDRESSES; i++)
		close(fd[i]);
}

static void no_address(void **state)
{
	(void)state;
	addresses = 0;
	struct answer answer = ask(SHORT_PATIENCE_MS);
	assert_int_equal(answer.err, GS_EIO);
	assert_non_null(strstr(answer.error.text, "redis://somewhere:6379"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_addresses_refuse),
		cmocka_unit_test(all_refuse),
		cmocka_unit_test(no_address),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
