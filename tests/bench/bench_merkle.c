/* Commitments: leaves, nodes and whole trees, in GB of committed data a second. Beside them, in the same run: OpenSSL's
 * SHA-256 over the same bytes, and the limit that nettle's permutation alone sets (one a hash). */
#include <nettle/sha3.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/rng.h"
#include "challenge/machine/merkle.h"
#include "tests/support/bench.h"

enum { CHUNKS = 1 << 13, DEPTH = 13 };
static const double BYTES = (double)CHUNKS * GS_CHUNK_BYTES;

struct buffers {
	uint8_t data[CHUNKS * GS_CHUNK_BYTES];
	struct gs_hash hash[CHUNKS];
	struct gs_hash root;
	struct sha3_state state;
	uint8_t digest[EVP_MAX_MD_SIZE];
};

static void leaves(void *context)
{
	struct buffers *m = context;
	for (size_t i = 0; i < CHUNKS; i++)
		gs_merkle_leaf(m->data + i * GS_CHUNK_BYTES, &m->hash[i]);
}

static void nodes(void *context)
{
	struct buffers *m = context;
	for (size_t i = 0; i + 1 < CHUNKS; i++)
		gs_merkle_node(&m->hash[i], &m->hash[i + 1], &m->root);
}

static void root(void *context)
{
	struct buffers *m = context;
	gs_merkle_array_root(m->data, CHUNKS, DEPTH, &m->root);
}

static void tree(void *context)
{
	struct buffers *m = context;
	struct gs_merkle t;
	if (gs_merkle_build(m->data, CHUNKS, DEPTH, &t) != GS_OK)
		abort();
	gs_merkle_root(&t, &m->root);
	gs_merkle_free(&t);
}

static void sha256(void *context)
{
	struct buffers *m = context;
	if (EVP_Digest(m->data, sizeof(m->data), m->digest, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

static void permutations(void *context)
{
	struct buffers *m = context;
	for (size_t i = 0; i < CHUNKS; i++)
		sha3_permute(&m->state);
}

int main(int argc, char **argv)
{
	struct gs_bench *b = gs_bench_begin(argc > 0 ? argv[0] : "", "merkle",
	                                    "commitments, GB of data a second (1 MiB, one thread)");
	struct buffers *m = calloc(1, sizeof(*m));
	struct gs_rng rng;
	if (b == NULL || m == NULL) {
		free(m);
		return b == NULL ? 1 : gs_bench_end(b) | 1;
	}
	gs_rng_seed(&rng, 1);
	for (size_t i = 0; i < sizeof(m->data); i += 8)
		gs_le64_write(m->data + i, gs_rng_u64(&rng));
	struct gs_bench_task task[] = {{leaves, m, 0}, {nodes, m, 0},  {root, m, 0},
	                               {tree, m, 0},   {sha256, m, 0}, {permutations, m, 0}};
	gs_bench_in_turns(task, 6, GS_BENCH_PROCESSOR, 5);
	double sha = task[4].median_s, limit = task[5].median_s; /* of CHUNKS permutations */
	/* A tree of n leaves has n - 1 nodes: a leaf and a node for every chunk. */
	gs_bench_row(b, "permutation", limit / CHUNKS * 1e9, "ns", 1, "itself");
	gs_bench_row(b, "SHA-256 over the data", BYTES / sha * 1e-9, "GB/s", 1, "itself");
	gs_bench_row(b, "leaves", BYTES / task[0].median_s * 1e-9, "GB/s", limit / task[0].median_s,
	             "the permutation's limit");
	gs_bench_row(b, "nodes", BYTES / task[1].median_s * 1e-9, "GB/s", limit / task[1].median_s,
	             "the permutation's limit");
	gs_bench_row(b, "root without a tree", BYTES / task[2].median_s * 1e-9, "GB/s", 2 * limit / task[2].median_s,
	             "the permutation's limit");
	gs_bench_row(b, "tree kept", BYTES / task[3].median_s * 1e-9, "GB/s", 2 * limit / task[3].median_s,
	             "the permutation's limit");
	gs_bench_row(b, "tree kept, against SHA-256", BYTES / task[3].median_s * 1e-9, "GB/s", sha / task[3].median_s,
	             "SHA-256's speed");
	gs_bench_row(b, "limit of trees", BYTES / (2 * limit) * 1e-9, "GB/s", sha / (2 * limit), "SHA-256's speed");
	free(m);
	return gs_bench_end(b);
}
