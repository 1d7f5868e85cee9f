/* Endpoint, sender, deployment and head tracker against a real chain. Skipped where anvil is not installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "chain/rpc/anvil.h"
#include "chain/rpc/deploy.h"
#include "chain/rpc/sender.h"

/* Called with data, the contract logs it under topic 42 and returns it; data that begins with ff is a revert's.
 * Init code: PUSH1 1a DUP1 PUSH1 09 PUSH0 CODECOPY PUSH0 RETURN. */
static const uint8_t echo_init[] = {
	0x60, 0x1a, 0x80, 0x60, 0x09, 0x5f, 0x39, 0x5f, 0xf3,       /* */
	0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x35, 0x5f, 0x1a, 0x60, 0xff, /* copy calldata; its first byte == ff? */
	0x14, 0x60, 0x16, 0x57, 0x60, 0x2a, 0x36, 0x5f, 0xa1,       /* no: LOG1 */
	0x36, 0x5f, 0xf3, 0x5b, 0x36, 0x5f, 0xfd,                   /* RETURN; JUMPDEST REVERT */
};
static const struct gs_bytes echo_code = {echo_init, sizeof(echo_init)};

struct fixture {
	struct gs_anvil anvil;
	struct gs_rpc *rpc;
	struct gs_sender sender;
	struct gs_address echo;
	uint64_t nonce;
	struct gs_error error;
};

#define ok(f, expression) \
	do { \
		if ((expression) != GS_OK) \
			fail_msg("%s: %s", #expression, (f)->error.text); \
	} while (0)

static bool has_anvil(void)
{
	struct gs_anvil anvil;
	struct gs_error error;
	enum gs_err err = gs_anvil_start(NULL, &anvil, &error);
	gs_anvil_stop(&anvil);
	if (err == GS_OK)
		return true;
	if (err != GS_ENOTFOUND) {
		fprintf(stderr, "%s\n", error.text);
		return true; /* it is there and does not work: let the tests fail */
	}
	fprintf(stderr, "skipped: %s\n", error.text);
	return false;
}

static int start(void **state, const struct gs_anvil_options *options)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	*state = f;
	ok(f, gs_anvil_start(options, &f->anvil, &f->error));
	ok(f, gs_rpc_open(f->anvil.url, NULL, &f->rpc, &f->error));
	f->sender = (struct gs_sender){.rpc = f->rpc, .signer = gs_signer_of_key(&f->anvil.keys[0])};
	ok(f, gs_eth_chain_id(f->rpc, &f->sender.chain_id, &f->error));
	return 0;
}

/* Deploys code without arguments by the fixture's sender. gas may be NULL. */
static struct gs_address create(struct fixture *f, struct gs_bytes code, uint64_t *gas)
{
	const struct gs_send_request request = {.create = true, .data = code, .nonce = f->nonce++};
	struct gs_address expected;
	struct gs_receipt receipt;

	ok(f, gs_sender_run(&f->sender, &request, 60000, &receipt, &f->error));
	gs_tx_contract_address(&f->sender.signer.address, request.nonce, &expected);
	assert_true(receipt.created && gs_address_equal(&receipt.contract, &expected));
	if (gas)
		*gas = receipt.gas_used;
	gs_receipt_free(&receipt);
	return expected;
}

static int start_plain(void **state)
{
	static const struct gs_anvil_options options = {.chain_id = 31337};
	int rc = start(state, &options);
	struct fixture *f = *state;
	uint64_t gas;
	f->echo = create(f, echo_code, &gas);
	assert_true(gas > 53000 && gas < 100000);
	return rc;
}

static int start_slow(void **state)
{
	static const struct gs_anvil_options options = {.block_time_s = 1, .optimism = true};
	return start(state, &options);
}

static int stop(void **state)
{
	struct fixture *f = *state;
	pid_t pid = f->anvil.pid;
	gs_rpc_close(f->rpc);
	gs_anvil_stop(&f->anvil);
	assert_true(kill(pid, 0) == -1 && errno == ESRCH);
	free(f);
	return 0;
}

static struct gs_send_request to_echo(struct fixture *f, const char *data)
{
	return (struct gs_send_request){
		.to = f->echo, .data = {(const uint8_t *)data, strlen(data)}, .nonce = f->nonce};
}

static void starts(void **state)
{
	struct fixture *f = *state;
	char text[GS_U256_DECIMAL_MAX];
	struct gs_eth_block block;
	struct gs_buf code;
	struct gs_wei balance;
	uint64_t number;
	gs_address_format(&f->anvil.keys[0].address, text);
	assert_string_equal(text, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
	assert_true(f->sender.chain_id == 31337);
	ok(f, gs_eth_block_number(f->rpc, &number, &f->error));
	assert_true(number == 1);
	ok(f, gs_eth_get_block(f->rpc, gs_block_latest(), &block, &f->error));
	assert_true(block.head.number == 1 && !gs_u256_is_zero(&block.base_fee.v) && block.gas_limit >= 30000000);
	ok(f, gs_eth_get_block(f->rpc, gs_block_of(&block.head.hash), &block, &f->error));
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_at(7), &block, &f->error), GS_ENOTFOUND);
	gs_buf_init(&code, 100);
	ok(f, gs_eth_get_code(f->rpc, &f->echo, gs_block_latest(), &code, &f->error));
	assert_int_equal(code.len, sizeof(echo_init) - 9);
	assert_memory_equal(code.ptr, echo_init + 9, code.len);
	gs_buf_free(&code);
	ok(f, gs_eth_get_balance(f->rpc, &f->anvil.keys[9].address, gs_block_latest(), &balance, &f->error));
	gs_wei_format_ether(balance, text);
	assert_string_equal(text, "10000");
}

static void sends_and_reads_logs(void **state)
{
	struct fixture *f = *state;
	struct gs_receipt receipt;
	struct gs_send_request request = to_echo(f, "hello");
	struct gs_hash topics[2] = {{{1}}, {{0}}};
	topics[1].b[31] = 42;
	ok(f, gs_sender_run(&f->sender, &request, 5000, &receipt, &f->error));
	assert_true(receipt.success && !receipt.created && receipt.gas_used > 21000 && receipt.block_number == 2);
	assert_int_equal(receipt.logs.count, 1);
	assert_true(gs_bytes_equal(receipt.logs.entries[0].data, request.data));
	struct gs_eth_filter filter = {
		.to_block = 100, .addresses = &f->echo, .address_count = 1, .topics = topics, .topic_count = 2};
	struct gs_log_list logs;
	ok(f, gs_eth_get_logs(f->rpc, &filter, &logs, &f->error));
	assert_int_equal(logs.count, 1);
	assert_true(gs_bytes_equal(logs.entries[0].data, request.data));
	assert_true(gs_hash_equal(&logs.entries[0].tx_hash, &receipt.tx_hash));
	assert_true(gs_hash_equal(&logs.entries[0].topics[0], &topics[1]));
	gs_log_list_free(&logs);
	filter.topic_count = 1;
	ok(f, gs_eth_get_logs(f->rpc, &filter, &logs, &f->error));
	assert_int_equal(logs.count, 0);
	gs_log_list_free(&logs);
	filter = (struct gs_eth_filter){.block_hash = &receipt.block_hash};
	ok(f, gs_eth_get_logs(f->rpc, &filter, &logs, &f->error));
	assert_int_equal(logs.count, 1);
	gs_log_list_free(&logs);
	gs_receipt_free(&receipt);
	uint64_t nonce;
	ok(f, gs_sender_next_nonce(&f->sender, &nonce, &f->error));
	assert_true(nonce == f->nonce + 1);
	/* A plain call, and one to an address without code. */
	struct gs_eth_call call = {.to = &f->echo, .data = request.data};
	struct gs_buf out;
	gs_buf_init(&out, 100);
	ok(f, gs_eth_do_call(f->rpc, &call, gs_block_latest(), &out, &f->error));
	assert_true(gs_bytes_equal(gs_buf_view(&out), request.data));
	gs_buf_free(&out);
	call.to = &f->anvil.keys[5].address;
	ok(f, gs_eth_do_call(f->rpc, &call, gs_block_latest(), &out, &f->error));
	assert_int_equal(out.len, 0);
	gs_buf_free(&out);
}

static void explains_reverts(void **state)
{
	struct fixture *f = *state;
	struct gs_send_request request = to_echo(f, "\xff\xee\xdd\xcc\x01");
	struct gs_buf raw;
	struct gs_prepared prepared;
	struct gs_receipt receipt;
	gs_buf_init(&raw, GS_TX_RAW_MAX);
	assert_int_equal(gs_sender_prepare(&f->sender, &request, &raw, &prepared, &f->error), GS_ECONFLICT);
	assert_non_null(strstr(f->error.text, "the contract reverted: 0xffeeddcc01"));
	const struct gs_rpc_failure *failure = gs_rpc_last_failure(f->rpc);
	assert_int_equal(failure->kind, GS_RPC_REVERT);
	assert_int_equal(failure->revert_len, 5);
	assert_memory_equal(failure->revert, request.data.ptr, 5);
	assert_int_equal(raw.len, 0);
	request.gas_limit = 100000; /* and without a trial it is mined, and fails */
	assert_int_equal(gs_sender_run(&f->sender, &request, 5000, &receipt, &f->error), GS_ECONFLICT);
	assert_non_null(strstr(f->error.text, "reverted, after"));
	assert_true(!receipt.success && receipt.gas_used > 21000);
	gs_receipt_free(&receipt);
	gs_buf_free(&raw);
}

static void sends_again(void **state)
{
	struct fixture *f = *state;
	struct gs_send_request request = to_echo(f, "once"), other = to_echo(f, "other");
	struct gs_buf raw, other_raw;
	struct gs_prepared prepared, other_prepared;
	struct gs_receipt receipt;
	gs_buf_init(&raw, GS_TX_RAW_MAX);
	gs_buf_init(&other_raw, GS_TX_RAW_MAX);
	ok(f, gs_sender_prepare(&f->sender, &request, &raw, &prepared, &f->error));
	ok(f, gs_sender_prepare(&f->sender, &other, &other_raw, &other_prepared, &f->error));
	assert_int_equal(gs_eth_get_receipt(f->rpc, &prepared.hash, &receipt, &f->error), GS_ENOTFOUND);
	for (int i = 0; i < 3; i++)
		ok(f, gs_sender_send(f->rpc, gs_buf_view(&raw), &f->error));
	ok(f, gs_sender_wait(f->rpc, &prepared.hash, 5000, 20, &receipt, &f->error));
	assert_true(receipt.success);
	gs_receipt_free(&receipt);
	ok(f, gs_sender_send(f->rpc, gs_buf_view(&raw), &f->error));
	assert_int_equal(gs_sender_send(f->rpc, gs_buf_view(&other_raw), &f->error), GS_ECONFLICT);
	assert_non_null(strstr(f->error.text, "nonce too low"));
	/* Nobody pays more than the cap. */
	request.nonce++;
	request.fee_max = gs_wei_from_u64(1000);
	assert_int_equal(gs_sender_prepare(&f->sender, &request, &raw, &prepared, &f->error), GS_ELIMIT);
	assert_non_null(strstr(f->error.text, "above the cap of 1000"));
	request.fee_max = gs_wei_from_u64(4000000000);
	ok(f, gs_sender_prepare(&f->sender, &request, &raw, &prepared, &f->error));
	assert_true(gs_wei_cmp(prepared.max_fee, request.fee_max) <= 0);
	/* Bytes that are no transaction. */
	struct gs_hash hash;
	assert_int_equal(gs_eth_send_raw(f->rpc, (struct gs_bytes){(const uint8_t *)"\2\1", 2}, &hash, &f->error),
	                 GS_EINVAL);
	gs_buf_free(&raw);
	gs_buf_free(&other_raw);
}

static void waits_for_blocks(void **state)
{
	struct fixture *f = *state;
	struct gs_send_request request = {.to = {{9}}, .value = gs_wei_from_u64(5)};
	struct gs_buf raw;
	struct gs_prepared prepared;
	struct gs_receipt receipt;
	struct gs_wei balance;
	assert_true(f->sender.chain_id == 8453);
	gs_buf_init(&raw, GS_TX_RAW_MAX);
	ok(f, gs_sender_prepare(&f->sender, &request, &raw, &prepared, &f->error));
	assert_true(prepared.gas_limit == 25200); /* 21000 and a fifth */
	ok(f, gs_sender_send(f->rpc, gs_buf_view(&raw), &f->error));
	ok(f, gs_sender_send(f->rpc, gs_buf_view(&raw), &f->error)); /* while it waits in the pool */
	enum gs_err early = gs_sender_wait(f->rpc, &prepared.hash, 1, 1, &receipt, &f->error);
	assert_true(early == GS_EAGAIN || early == GS_OK);
	gs_receipt_free(&receipt);
	ok(f, gs_sender_wait(f->rpc, &prepared.hash, 5000, 20, &receipt, &f->error));
	gs_receipt_free(&receipt);
	ok(f, gs_eth_get_balance(f->rpc, &request.to, gs_block_latest(), &balance, &f->error));
	assert_true(gs_u256_fits_u64(&balance.v) && balance.v.limb[0] == 5);
	gs_buf_free(&raw);
}

/* Brings the tracker to the chain's newest block. */
static enum gs_head_result follow(struct fixture *f, struct gs_head_tracker *tracker, struct gs_head_change *change)
{
	struct gs_eth_block block;
	ok(f, gs_eth_get_block(f->rpc, gs_block_latest(), &block, &f->error));
	enum gs_head_result result = gs_head_add(tracker, &block.head, change);
	while (result == GS_HEAD_WANT_PARENT) {
		ok(f, gs_eth_get_block(f->rpc, gs_block_of(&change->want), &block, &f->error));
		result = gs_head_add(tracker, &block.head, change);
	}
	return result;
}

static void follows_a_reorg(void **state)
{
	struct fixture *f = *state;
	struct gs_head_tracker *tracker = calloc(1, sizeof(*tracker));
	struct gs_head_change *change = calloc(1, sizeof(*change));
	struct gs_eth_block block;
	json_t *result;
	assert_non_null(tracker);
	assert_non_null(change);
	ok(f, gs_eth_get_block(f->rpc, gs_block_at(0), &block, &f->error));
	gs_head_reset(tracker, &block.head);
	ok(f, gs_rpc_call(f->rpc, "anvil_mine", json_pack("[s]", "0xa"), &result, &f->error));
	json_decref(result);
	assert_int_equal(follow(f, tracker, change), GS_HEAD_ADVANCED);
	assert_int_equal(change->added_count, 11);
	struct gs_head old = *gs_head_newest(tracker);
	ok(f, gs_rpc_call(f->rpc, "anvil_reorg", json_pack("[i, []]", 4), &result, &f->error));
	json_decref(result);
	assert_int_equal(follow(f, tracker, change), GS_HEAD_ADVANCED);
	assert_int_equal(change->orphaned_count, 4);
	assert_true(gs_hash_equal(&change->orphaned[0].hash, &old.hash));
	assert_true(change->added_count >= 4 && change->added[0].number == old.number - 3);
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_of(&old.hash), &block, &f->error), GS_ENOTFOUND);
	free(tracker);
	free(change);
}

static void write_artifact(const char *dir, const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/Echo.json", dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void loads_artifacts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum gs_err err;
	} cases[] = {
		{"{\"bytecode\":\"0x6001\"}", GS_OK}, {"{\"bytecode\":\"0x60__$5f6c$__\"}", GS_EUNSUPPORTED},
		{"{\"bytecode\":\"0x\"}", GS_EPARSE}, {"{\"bytecode\":7}", GS_EPARSE},
		{"{\"abi\":[]}", GS_EPARSE},          {"nonsense", GS_EPARSE},
	};
	char dir[] = "/tmp/gainsay-artifact-XXXXXX", command[128];
	struct gs_buf out;
	struct gs_error error;
	assert_non_null(mkdtemp(dir));
	gs_buf_init(&out, 1000);
	assert_int_equal(gs_deploy_load(dir, "Echo", &out, &error), GS_EIO);
	assert_non_null(strstr(error.text, "compile the contracts first"));
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		write_artifact(dir, cases[i].text);
		assert_int_equal(gs_deploy_load(dir, "Echo", &out, &error), cases[i].err);
	}
	assert_int_equal(out.len, 2);
	assert_memory_equal(out.ptr, "\x60\x01", 2);
	gs_buf_free(&out);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* A contract of the project, by its bindings: events, return data and errors by name. */
static void deploys_a_compiled_contract(void **state)
{
	struct fixture *f = *state;
	char dir[GS_BESIDE_PATH_MAX];
	struct gs_buf code, calldata, out;
	struct gs_address token;
	struct gs_abi_writer args;
	struct gs_receipt receipt;
	if (gs_deploy_find(dir, &f->error) != GS_OK) {
		fprintf(stderr, "skipped: %s\n", f->error.text);
		skip();
	}
	gs_buf_init(&code, GS_TX_DATA_MAX);
	gs_buf_init(&calldata, 1000);
	gs_buf_init(&out, 1000);
	ok(f, gs_deploy_load(dir, "DevToken", &code, &f->error));
	token = create(f, gs_buf_view(&code), NULL);

	gs_abi_call(&args, &calldata, GS_DEV_TOKEN_FN_MINT, 2);
	gs_abi_put_address(&args, &f->anvil.keys[1].address);
	gs_abi_put_u64(&args, 1000);
	gs_abi_end(&args);
	struct gs_send_request request = {.to = token, .data = gs_buf_view(&calldata), .nonce = f->nonce++};
	ok(f, gs_sender_run(&f->sender, &request, 5000, &receipt, &f->error));
	assert_int_equal(receipt.logs.count, 1);
	const struct gs_log_entry *log = &receipt.logs.entries[0];
	assert_int_equal(log->topic_count, 3);
	assert_true(gs_hash_equal(&log->topics[0], &gs_dev_token_event_transfer));
	struct gs_abi_reader topics = gs_abi_read_topics(log->topics, log->topic_count), data = gs_abi_read(log->data);
	gs_abi_get_address(&topics);
	struct gs_address to = gs_abi_get_address(&topics);
	assert_int_equal(topics.err, GS_OK);
	assert_true(gs_address_equal(&to, &f->anvil.keys[1].address));
	assert_true(gs_abi_get_u64(&data) == 1000);
	gs_receipt_free(&receipt);

	gs_buf_free(&calldata);
	gs_abi_call(&args, &calldata, GS_DEV_TOKEN_FN_BALANCE_OF, 1);
	gs_abi_put_address(&args, &f->anvil.keys[1].address);
	gs_abi_end(&args);
	struct gs_eth_call call = {.to = &token, .data = gs_buf_view(&calldata)};
	ok(f, gs_eth_do_call(f->rpc, &call, gs_block_latest(), &out, &f->error));
	data = gs_abi_read(gs_buf_view(&out));
	assert_true(gs_abi_get_u64(&data) == 1000);

	gs_buf_free(&calldata);
	gs_abi_call(&args, &calldata, GS_DEV_TOKEN_FN_TRANSFER, 2);
	gs_abi_put_address(&args, &f->anvil.keys[1].address);
	gs_abi_put_u64(&args, 7);
	gs_abi_end(&args);
	request = (struct gs_send_request){.to = token, .data = gs_buf_view(&calldata), .nonce = f->nonce};
	assert_int_equal(gs_sender_run(&f->sender, &request, 5000, &receipt, &f->error), GS_ECONFLICT);
	assert_non_null(strstr(
		f->error.text,
		"the contract reverted: ERC20InsufficientBalance(address 0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266, "
		"uint256 0, uint256 7)"));
	gs_buf_free(&code);
	gs_buf_free(&calldata);
	gs_buf_free(&out);
}

static void refuses_what_is_no_anvil(void **state)
{
	(void)state;
	struct gs_anvil anvil;
	struct gs_error error;
	struct gs_anvil_options options = {.binary = "/no/such/file"};
	assert_int_equal(gs_anvil_start(&options, &anvil, &error), GS_ENOTFOUND);
	assert_non_null(strstr(error.text, "/no/such/file"));
	options.binary = "/bin/false";
	assert_int_equal(gs_anvil_start(&options, &anvil, &error), GS_EIO);
	assert_non_null(strstr(error.text, "ended at once"));
	gs_anvil_stop(&anvil);
}

/* A parent that is killed leaves no chain behind. */
static void dies_with_its_parent(void **state)
{
	(void)state;
	int fds[2];
	pid_t anvil_pid;
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		struct gs_anvil anvil;
		if (gs_anvil_start(NULL, &anvil, NULL) != GS_OK || write(fds[1], &anvil.pid, sizeof(anvil.pid)) < 0)
			_exit(1);
		pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &anvil_pid, sizeof(anvil_pid)), sizeof(anvil_pid));
	close(fds[0]);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	char path[64], text[256] = "";
	snprintf(path, sizeof(path), "/proc/%d/stat", anvil_pid);
	for (int i = 0; i < 500; i++) {
		FILE *file = fopen(path, "r");
		if (!file)
			return;
		size_t n = fread(text, 1, sizeof(text) - 1, file);
		text[n] = '\0';
		fclose(file);
		if (strstr(text, ") Z ")) /* dead, and nobody here to bury it */
			return;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	kill(anvil_pid, SIGKILL);
	fail_msg("anvil is still running: %s", text);
}

#define with_chain(test) cmocka_unit_test_setup_teardown(test, start_plain, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_artifacts),
		cmocka_unit_test(refuses_what_is_no_anvil),
		with_chain(starts),
		with_chain(sends_and_reads_logs),
		with_chain(explains_reverts),
		with_chain(sends_again),
		with_chain(follows_a_reorg),
		with_chain(deploys_a_compiled_contract),
		cmocka_unit_test_setup_teardown(waits_for_blocks, start_slow, stop),
		cmocka_unit_test(dies_with_its_parent),
	};
	const struct CMUnitTest without_anvil[] = {
		cmocka_unit_test(loads_artifacts),
		cmocka_unit_test(refuses_what_is_no_anvil),
	};
	if (!has_anvil())
		return !!cmocka_run_group_tests(without_anvil, NULL, NULL);
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
