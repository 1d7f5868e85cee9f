#include "validator/opengradient/standing.h"

/* The place at which it signed; a time after the settlement is no earlier place. False: before the first event. */
static bool place_of_signing(const struct gs_registry_history *h, struct gs_registry_place at, struct gs_time signed_at,
                             struct gs_registry_place *out)
{
	if (!gs_registry_place_of(h, signed_at, out))
		return false;
	if (out->block > at.block || (out->block == at.block && out->log > at.log))
		*out = at;
	return true;
}

enum gs_finding gs_tee_standing(const struct gs_registry_history *h, bool whole, const struct gs_hash *tee,
                                const struct gs_hash *image, struct gs_registry_place at, struct gs_time signed_at)
{
	struct gs_registry_state state, before = {0};
	struct gs_registry_place then;
	const bool has_then = place_of_signing(h, at, signed_at, &then);

	gs_registry_registration_at(h, tee, at, &state);
	if (!state.registered)
		return GS_FINDING_NO_KEY;
	if (has_then)
		gs_registry_registration_at(h, tee, then, &before);
	if (!state.enabled)
		return before.registered && before.enabled ? GS_FINDING_DISABLED_SINCE : GS_FINDING_TEE_DISABLED;
	if (!image)
		return GS_FINDING_IMAGE_UNKNOWN;
	switch (gs_registry_approval_at(h, image, state.type, at)) {
	case GS_APPROVAL_HELD: return GS_FINDING_VALID;
	case GS_APPROVAL_UNKNOWN: return GS_FINDING_IMAGE_UNKNOWN;
	case GS_APPROVAL_NONE: break;
	}
	if (has_then && gs_registry_approval_at(h, image, state.type, then) != GS_APPROVAL_NONE)
		return GS_FINDING_IMAGE_SINCE;
	return whole ? GS_FINDING_IMAGE : GS_FINDING_IMAGE_UNKNOWN;
}
