/* Addresses of a Redis: what is taken from them, what is refused, and that no password is ever shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "queue/url.h"

static void test_whole(void **state)
{
	struct gs_redis_url url;
	(void)state;
	assert_int_equal(gs_redis_url_read("rediss://us%65r:p%40%3A%2f%25:x@queue.example.org:7000/12", &url, NULL),
	                 GS_OK);
	assert_true(url.tls && url.has_user && url.has_password);
	assert_string_equal(url.user, "user");
	assert_string_equal(url.password, "p@:/%:x"); /* the first ':' ends the user */
	assert_string_equal(url.host, "queue.example.org");
	assert_int_equal(url.port, 7000);
	assert_int_equal(url.database, 12);
	assert_string_equal(url.name, "rediss://queue.example.org:7000/12");
}

static void test_parts(void **state)
{
	struct gs_redis_url url;
	(void)state;
	assert_int_equal(gs_redis_url_read("redis://localhost", &url, NULL), GS_OK);
	assert_true(!url.tls && !url.has_user && !url.has_password && url.port == 6379 && url.database == 0);
	assert_string_equal(url.name, "redis://localhost:6379/0");
	assert_int_equal(gs_redis_url_read("redis://:secret@10.0.0.1/", &url, NULL), GS_OK);
	assert_true(!url.has_user && url.has_password);
	assert_string_equal(url.password, "secret");
	assert_int_equal(gs_redis_url_read("redis://[fe80::1%25]:6380/3", &url, NULL), GS_OK);
	assert_string_equal(url.host, "fe80::1%25");
	assert_string_equal(url.name, "redis://[fe80::1%25]:6380/3");
	assert_int_equal(gs_redis_url_read("redis://[::1]", &url, NULL), GS_OK);
	assert_string_equal(url.host, "::1");
	assert_int_equal(url.port, 6379);
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"redis:",
		"http://localhost",
		"REDIS://localhost",
		"redis://",
		"redis:///0",
		"redis://:secret@",
		"redis://user@localhost",
		"redis://:sec@ret@localhost",
		"redis://:secret%@localhost",
		"redis://:secret%4@localhost",
		"redis://:secret%4g@localhost",
		"redis://:secret%00@localhost",
		"redis://:secret@local host",
		"redis://local?host",
		"redis://localhost:",
		"redis://localhost:0",
		"redis://localhost:65536",
		"redis://localhost:123456789012345678901",
		"redis://localhost:-1",
		"redis://localhost:80:80",
		"redis://localhost/x",
		"redis://localhost/65536",
		"redis://localhost/0/1",
		"redis://localhost/0?timeout=5",
		"redis://localhost/0#1",
		"redis://[::1",
		"redis://[]",
		"redis://[::1]6379",
		"redis://::1",
	};
	struct gs_redis_url url;
	struct gs_error error;
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(wrong); i++) {
		error.text[0] = '\0';
		assert_int_equal(gs_redis_url_read(wrong[i], &url, &error), GS_EINVAL);
		assert_true(strlen(error.text) > 0);
		assert_null(strstr(error.text, "sec"));
	}
}

static void test_limits(void **state)
{
	struct gs_redis_url url;
	char text[2 * GS_REDIS_URL_MAX];
	(void)state;
	(void)snprintf(text, sizeof(text), "redis://:%0*d@localhost", GS_REDIS_SECRET_MAX, 7);
	assert_int_equal(gs_redis_url_read(text, &url, NULL), GS_OK);
	assert_int_equal(strlen(url.password), GS_REDIS_SECRET_MAX);
	(void)snprintf(text, sizeof(text), "redis://:%0*d@localhost", GS_REDIS_SECRET_MAX + 1, 7);
	assert_int_equal(gs_redis_url_read(text, &url, NULL), GS_ELIMIT);
	(void)snprintf(text, sizeof(text), "redis://%0*d", GS_REDIS_HOST_MAX, 7);
	assert_int_equal(gs_redis_url_read(text, &url, NULL), GS_OK);
	(void)snprintf(text, sizeof(text), "redis://%0*d", GS_REDIS_HOST_MAX + 1, 7);
	assert_int_equal(gs_redis_url_read(text, &url, NULL), GS_EINVAL);
	(void)snprintf(text, sizeof(text), "redis://%0*d", GS_REDIS_URL_MAX, 7);
	assert_int_equal(gs_redis_url_read(text, &url, NULL), GS_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
