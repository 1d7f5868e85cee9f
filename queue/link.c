#include "queue/link.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/util.h>
#include <openssl/err.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "queue/link_tls.h"
#include "queue/reply.h"

enum { TICK_MS = 100, INFO_WORD_MAX = 32, READ_BYTES = 16384 };

enum state {
	STATE_DOWN,       /* nobody wants anything */
	STATE_PAUSE,      /* the tick connects when `until` is over */
	STATE_CONNECTING, /* TCP and TLS */
	STATE_GREETING,
	STATE_UP,
};

enum greeting { GREET_AUTH, GREET_SELECT, GREET_VERSION, GREET_MEMORY, GREETINGS };

struct command {
	struct command *next;
	char *bytes; /* of hiredis */
	size_t len;
	uint64_t deadline_ms;
	uint32_t blocks_ms;
	bool sent;
	gs_link_answer *answer; /* NULL: it has waited too long, and its answer is not wanted any more */
	void *self;
};

struct gs_link {
	struct event_base *base;
	struct event *tick;
	struct gs_redis_url url;
	uint32_t patience_ms;
	SSL_CTX *tls;
	enum state state;
	struct bufferevent *bev;
	struct evutil_addrinfo *addresses,
		*address; /* of the host's name, and the next one to try; NULL: none is left */
	struct gs_replies *replies;
	enum greeting greeting[GREETINGS]; /* whose answers are still to come */
	unsigned greetings, greeted;
	uint64_t until_ms; /* of the pause, or by when there is a connection */
	uint64_t head_ms;  /* since when the first command's answer is waited for */
	uint32_t pause_ms; /* the next one */
	struct command *first;
	struct command **last;
	size_t commands, bytes;
	bool calling;          /* a function of somebody else's runs */
	struct gs_error wrong; /* the last that was */
};

static uint64_t now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void tick_soon(struct gs_link *link, uint32_t ms)
{
	struct timeval t = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
	if (!event_pending(link->tick, EV_TIMEOUT, NULL) || ms < TICK_MS)
		(void)event_add(link->tick, &t);
}

static void command_free(struct gs_link *link, struct command *command)
{
	link->commands--;
	link->bytes -= command->len;
	redisFreeCommand(command->bytes);
	free(command);
}

static struct command *shift(struct gs_link *link)
{
	struct command *command = link->first;
	link->first = command->next;
	if (link->first == NULL)
		link->last = &link->first;
	return command;
}

static void tell(struct gs_link *link, const struct command *command, const redisReply *reply, enum gs_err err,
                 const struct gs_error *error)
{
	if (command->answer == NULL)
		return;
	link->calling = true;
	command->answer(command->self, reply, err, error);
	link->calling = false;
}

static void disconnect(struct gs_link *link)
{
	if (link->bev != NULL)
		bufferevent_free(link->bev);
	gs_replies_free(link->replies);
	link->bev = NULL;
	link->replies = NULL;
}

static void forget_addresses(struct gs_link *link)
{
	if (link->addresses != NULL)
		evutil_freeaddrinfo(link->addresses);
	link->addresses = link->address = NULL;
}

static void pause_begin(struct gs_link *link)
{
	uint32_t chance;
	evutil_secure_rng_get_bytes(&chance, sizeof(chance));
	uint32_t ms = link->pause_ms - chance % (link->pause_ms / 2);
	link->pause_ms = link->pause_ms * 2 < GS_LINK_PAUSE_MAX_MS ? link->pause_ms * 2 : GS_LINK_PAUSE_MAX_MS;
	link->state = STATE_PAUSE;
	link->until_ms = now_ms() + ms;
	tick_soon(link, ms < TICK_MS ? ms : TICK_MS);
}

/* The connection is gone, for a reason that may pass: what was under way is to be sent again. */
static void lose(struct gs_link *link, const struct gs_error *why)
{
	struct command **at = &link->first;
	link->wrong = *why;
	disconnect(link);
	forget_addresses(link);
	while (*at != NULL) {
		struct command *command = *at;
		if (command->answer == NULL) {
			*at = command->next;
			command_free(link, command);
			continue;
		}
		command->sent = false;
		at = &command->next;
	}
	link->last = at;
	pause_begin(link);
}

/* The connection cannot be, until somebody changes something: everybody is told. */
static void fail(struct gs_link *link, const struct gs_error *why)
{
	struct command *list = link->first, *next;
	struct gs_error error = *why;
	link->wrong = *why;
	disconnect(link);
	forget_addresses(link);
	link->first = NULL;
	link->last = &link->first;
	pause_begin(link);
	for (struct command *command = list; command != NULL; command = next) {
		next = command->next;
		tell(link, command, NULL, error.code, &error);
		command_free(link, command);
	}
}

static void send_waiting(struct gs_link *link)
{
	for (struct command *command = link->first; command != NULL; command = command->next) {
		if (command->sent)
			continue;
		if (bufferevent_write(link->bev, command->bytes, command->len) != 0)
			return; /* no memory: the tick finds that no answer comes */
		command->sent = true;
		if (command == link->first)
			link->head_ms = now_ms();
	}
}

/* ---- the greeting ---- */

static void greet_with(struct gs_link *link, enum greeting what, int count, const char **words)
{
	char *bytes = NULL;
	int len = redisFormatCommandArgv(&bytes, count, words, NULL);
	if (len > 0)
		(void)bufferevent_write(link->bev, bytes, (size_t)len);
	redisFreeCommand(bytes);
	link->greeting[link->greetings++] = what;
}

static void greet(struct gs_link *link)
{
	char database[12];
	const char *auth[] = {"AUTH", link->url.user, link->url.password};
	const char *plain_auth[] = {"AUTH", link->url.password};
	const char *select[] = {"SELECT", database};
	const char *version[] = {"INFO", "server"};
	const char *memory[] = {"INFO", "memory"};
	link->state = STATE_GREETING;
	link->greetings = link->greeted = 0;
	(void)snprintf(database, sizeof(database), "%u", link->url.database);
	if (link->url.has_password && link->url.has_user)
		greet_with(link, GREET_AUTH, 3, auth);
	else if (link->url.has_password)
		greet_with(link, GREET_AUTH, 2, plain_auth);
	if (link->url.database != 0)
		greet_with(link, GREET_SELECT, 2, select);
	greet_with(link, GREET_VERSION, 2, version);
	greet_with(link, GREET_MEMORY, 2, memory);
}

/* The value of "name:value" in an answer to INFO. */
static void info_word(const redisReply *reply, const char *name, char out[INFO_WORD_MAX])
{
	const char *at = reply->type == REDIS_REPLY_STRING ? strstr(reply->str, name) : NULL;
	size_t len = at != NULL ? strcspn(at + strlen(name), "\r\n") : 0;
	len = len < INFO_WORD_MAX ? len : INFO_WORD_MAX - 1;
	if (at != NULL)
		memcpy(out, at + strlen(name), len);
	out[len] = '\0';
}

static enum gs_err greeted_with(struct gs_link *link, enum greeting what, const redisReply *reply,
                                struct gs_error *error)
{
	char word[INFO_WORD_MAX];
	enum gs_err err = gs_reply_check(reply, link->url.name, error);
	if (err != GS_OK)
		return err;
	switch (what) {
	case GREET_VERSION:
		info_word(reply, "redis_version:", word);
		if (strtoul(word, NULL, 10) < GS_LINK_REDIS_MAJOR)
			return gs_fail(error, GS_EUNSUPPORTED, "%s: it is version %s: Redis %d or newer is needed",
			               link->url.name, word[0] != '\0' ? word : "(none said)", GS_LINK_REDIS_MAJOR);
		return GS_OK;
	case GREET_MEMORY:
		/* The queue's keys have no time to live, so the volatile policies leave them alone. */
		info_word(reply, "maxmemory_policy:", word);
		if (strncmp(word, "allkeys", 7) == 0)
			return gs_fail(error, GS_EINVAL,
			               "%s: its maxmemory-policy is %s, which may delete jobs: set it to noeviction",
			               link->url.name, word);
		return GS_OK;
	case GREET_AUTH:
	case GREET_SELECT:
	case GREETINGS: break;
	}
	return GS_OK;
}

/* ---- events ---- */

static void connect_next(struct gs_link *link);

static void broken(struct gs_link *link, enum gs_err err, const struct gs_error *error)
{
	struct gs_error whole = *error;
	(void)gs_fail_within(&whole, err, "%s", link->url.name);
	fail(link, &whole);
}

/* Whether to go on with this connection. */
static bool take_reply(struct gs_link *link, const redisReply *reply)
{
	struct gs_error error;
	enum gs_err err = GS_OK;
	if (link->state == STATE_GREETING) {
		err = greeted_with(link, link->greeting[link->greeted], reply, &error);
		if (err == GS_OK && ++link->greeted == link->greetings) {
			link->state = STATE_UP;
			link->pause_ms = GS_LINK_PAUSE_MS;
			link->wrong.text[0] = '\0';
			send_waiting(link);
		}
	} else if (link->first == NULL || !link->first->sent) {
		err = gs_fail(&error, GS_EPARSE, "%s: an answer that nobody has asked for", link->url.name);
	} else if (gs_reply_check(reply, link->url.name, &error) == GS_EAGAIN) {
		err = GS_EAGAIN;
	} else {
		struct command *command = shift(link);
		link->head_ms = now_ms();
		tell(link, command, reply, GS_OK, NULL);
		command_free(link, command);
	}
	if (err == GS_EAGAIN)
		lose(link, &error);
	else if (err != GS_OK)
		fail(link, &error);
	return err == GS_OK;
}

static void on_read(struct bufferevent *bev, void *self)
{
	struct gs_link *link = self;
	char bytes[READ_BYTES];
	struct gs_error error;
	int n;
	while (link->bev == bev && (n = evbuffer_remove(bufferevent_get_input(bev), bytes, sizeof(bytes))) > 0) {
		redisReply *reply = NULL;
		enum gs_err err = gs_replies_feed(link->replies, bytes, (size_t)n, &error);
		while (err == GS_OK && (err = gs_replies_next(link->replies, &reply, &error)) == GS_OK &&
		       reply != NULL) {
			bool on = take_reply(link, reply);
			freeReplyObject(reply);
			if (!on)
				return;
		}
		if (err != GS_OK) {
			broken(link, err, &error);
			return;
		}
	}
}

static void tls_went_wrong(struct gs_link *link, unsigned long code)
{
	struct gs_error error;
	SSL *ssl = bufferevent_openssl_get_ssl(link->bev);
	long verified = ssl != NULL ? SSL_get_verify_result(ssl) : X509_V_OK;
	if (verified != X509_V_OK)
		(void)gs_fail(&error, GS_EIO, "%s: its certificate is not accepted: %s", link->url.name,
		              X509_verify_cert_error_string(verified));
	else
		(void)gs_fail(&error, GS_EIO,
		              "%s: TLS failed: %s: is it a port with TLS, or is a client's certificate asked for?",
		              link->url.name,
		              ERR_reason_error_string(code) ? ERR_reason_error_string(code) : "no reason given");
	fail(link, &error);
}

/* The address that was being connected to is none: the host may have others. "localhost" is mostly ::1 as well as 127.0.0.1. */
static void lose_address(struct gs_link *link, const struct gs_error *why)
{
	if (link->state != STATE_CONNECTING || link->address == NULL) {
		lose(link, why);
		return;
	}
	disconnect(link);
	connect_next(link);
}

static void on_event(struct bufferevent *bev, short what, void *self)
{
	struct gs_link *link = self;
	struct gs_error error;
	if ((what & BEV_EVENT_CONNECTED) != 0) {
		forget_addresses(link);
		greet(link);
		return;
	}
	unsigned long tls = link->url.tls ? bufferevent_get_openssl_error(bev) : 0;
	int code = EVUTIL_SOCKET_ERROR();
	ERR_clear_error();
	if (tls != 0 && ERR_GET_REASON(tls) != 0 && !ERR_SYSTEM_ERROR(tls)) {
		tls_went_wrong(link, tls);
		return;
	}
	if ((what & BEV_EVENT_EOF) != 0 || code == 0)
		(void)gs_fail(&error, GS_EIO, "%s: it has closed the connection%s", link->url.name,
		              link->state == STATE_UP ? "" : " before it said anything");
	else
		(void)gs_fail(&error, GS_EIO, "%s: %s", link->url.name, evutil_socket_error_to_string(code));
	lose_address(link, &error);
}

/* To the host's next address. */
static void connect_next(struct gs_link *link)
{
	const int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
	const struct evutil_addrinfo *to = link->address;
	struct gs_error error;
	SSL *ssl = NULL;
	(void)gs_fail(&error, GS_ENOMEM, "%s: no memory for a connection", link->url.name);
	link->address = to->ai_next;
	if (gs_replies_new(&link->replies) != GS_OK ||
	    (link->url.tls && gs_link_tls_start(link->tls, link->url.host, &ssl) != GS_OK)) {
		fail(link, &error);
		return;
	}
	link->bev = ssl != NULL
	                    ? bufferevent_openssl_socket_new(link->base, -1, ssl, BUFFEREVENT_SSL_CONNECTING, options)
	                    : bufferevent_socket_new(link->base, -1, options);
	if (link->bev == NULL) {
		SSL_free(ssl);
		fail(link, &error);
		return;
	}
	if (ssl != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(link->bev, 1);
	bufferevent_setcb(link->bev, on_read, NULL, on_event, link);
	(void)bufferevent_enable(link->bev, EV_READ | EV_WRITE);
	link->state = STATE_CONNECTING;
	link->until_ms = now_ms() + GS_LINK_CONNECT_MS;
	/* Mostly a failure, too, is told by on_event, later; one that is told here leaves this address to the tick. */
	if (bufferevent_socket_connect(link->bev, to->ai_addr, (int)to->ai_addrlen) != 0)
		link->until_ms = 0;
	tick_soon(link, TICK_MS);
}

static void connect_now(struct gs_link *link)
{
	const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct gs_error error;
	char port[8];
	(void)snprintf(port, sizeof(port), "%u", (unsigned)link->url.port);
	forget_addresses(link);
	/* A name is looked up here and now, as everywhere else in this program. */
	int dns = evutil_getaddrinfo(link->url.host, port, &hints, &link->addresses);
	if (dns != 0 || link->addresses == NULL) {
		link->addresses = NULL;
		(void)gs_fail(&error, GS_EIO, "%s: %s", link->url.name, evutil_gai_strerror(dns));
		lose(link, &error);
		return;
	}
	link->address = link->addresses;
	connect_next(link);
}

/* ---- time ---- */

static void drop_impatient(struct gs_link *link, uint64_t now)
{
	struct gs_error error = link->wrong;
	struct command **at = &link->first;
	if (error.text[0] == '\0')
		(void)gs_fail(&error, GS_EIO, "%s: it does not answer%s", link->url.name,
		              link->state == STATE_UP ? ""
		              : link->url.tls         ? " (a port with TLS?)"
		                                      : " (a port without TLS?)");
	while (*at != NULL) {
		struct command *command = *at;
		if (command->answer == NULL || now < command->deadline_ms) {
			at = &command->next;
			continue;
		}
		struct command copy = *command;
		if (command->sent) {
			command->answer = NULL; /* its answer may still come, and must be counted */
			at = &command->next;
		} else {
			*at = command->next;
			if (*at == NULL)
				link->last = at;
			command_free(link, command);
		}
		tell(link, &copy, NULL, error.code, &error);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *self)
{
	struct gs_link *link = self;
	struct gs_error error;
	uint64_t now = now_ms();
	(void)fd;
	(void)what;
	drop_impatient(link, now);
	switch (link->state) {
	case STATE_DOWN: break;
	case STATE_PAUSE:
		if (now < link->until_ms)
			break;
		if (link->first != NULL)
			connect_now(link);
		else
			link->state = STATE_DOWN;
		break;
	case STATE_CONNECTING:
	case STATE_GREETING:
		if (now >= link->until_ms) {
			(void)gs_fail(&error, GS_EIO, "%s: no greeting within %d s", link->url.name,
			              GS_LINK_CONNECT_MS / 1000);
			lose_address(link, &error);
		}
		break;
	case STATE_UP:
		if (link->first != NULL && link->first->sent &&
		    now >= link->head_ms + link->first->blocks_ms + GS_LINK_ANSWER_MS) {
			(void)gs_fail(&error, GS_EIO, "%s: no answer within %d s", link->url.name,
			              GS_LINK_ANSWER_MS / 1000);
			lose(link, &error);
		}
		break;
	}
	if (link->first != NULL || link->state == STATE_PAUSE)
		tick_soon(link, TICK_MS);
}

/* ---- for others ---- */

enum gs_err gs_link_open(struct event_base *base, const struct gs_link_options *options, struct gs_link **out,
                         struct gs_error *error)
{
	struct gs_link *link = calloc(1, sizeof(*link));
	enum gs_err err = GS_OK;
	*out = NULL;
	if (link == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	GS_ASSERT(options->patience_ms > 0);
	link->base = base;
	link->url = *options->url;
	link->patience_ms = options->patience_ms;
	link->pause_ms = GS_LINK_PAUSE_MS;
	link->last = &link->first;
	link->tick = event_new(base, -1, 0, on_tick, link);
	if (link->tick == NULL)
		err = gs_fail(error, GS_ENOMEM, "no memory");
	else if (link->url.tls)
		err = gs_link_tls_context(options->ca_file, &link->tls, error);
	if (err != GS_OK) {
		gs_link_close(link);
		return err;
	}
	*out = link;
	return GS_OK;
}

void gs_link_close(struct gs_link *link)
{
	if (link == NULL)
		return;
	GS_ASSERT(!link->calling);
	disconnect(link);
	forget_addresses(link);
	while (link->first != NULL)
		command_free(link, shift(link));
	if (link->tick != NULL)
		event_free(link->tick);
	SSL_CTX_free(link->tls);
	OPENSSL_cleanse(&link->url, sizeof(link->url));
	free(link);
}

const char *gs_link_name(const struct gs_link *link)
{
	return link->url.name;
}

enum gs_err gs_link_send(struct gs_link *link, const struct gs_bytes *arguments, unsigned count, uint32_t blocks_ms,
                         gs_link_answer *answer, void *self, struct gs_error *error)
{
	const char *text[GS_LINK_ARGUMENTS_MAX];
	size_t len[GS_LINK_ARGUMENTS_MAX], total = 0;
	GS_ASSERT(count > 0 && count <= GS_LINK_ARGUMENTS_MAX && answer != NULL);
	for (unsigned i = 0; i < count; i++) {
		text[i] = arguments[i].len > 0 ? (const char *)arguments[i].ptr : "";
		len[i] = arguments[i].len;
		total += len[i];
	}
	if (link->commands >= GS_LINK_COMMANDS_MAX || total + link->bytes > GS_LINK_BYTES_MAX)
		return gs_fail(error, GS_EAGAIN,
		               "%s: %zu commands (%zu bytes) wait for answers already: try again later", link->url.name,
		               link->commands, link->bytes);
	struct command *command = calloc(1, sizeof(*command));
	int bytes = command != NULL ? redisFormatCommandArgv(&command->bytes, (int)count, text, len) : -1;
	if (bytes < 0) {
		free(command);
		return gs_fail(error, GS_ENOMEM, "no memory");
	}
	command->len = (size_t)bytes;
	command->deadline_ms = now_ms() + blocks_ms + link->patience_ms;
	command->blocks_ms = blocks_ms;
	command->answer = answer;
	command->self = self;
	*link->last = command;
	link->last = &command->next;
	link->commands++;
	link->bytes += command->len;
	if (link->state == STATE_UP)
		send_waiting(link);
	else if (link->state == STATE_DOWN) {
		link->state = STATE_PAUSE; /* from the loop, so that nobody is called from within this call */
		link->until_ms = 0;
		tick_soon(link, 0);
		return GS_OK;
	}
	tick_soon(link, TICK_MS);
	return GS_OK;
}
