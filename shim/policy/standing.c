/* SPDX-License-Identifier: MIT */
/* See standing.h. */
#include "policy/standing.h"

static bool is(enum reason *reason, enum reason what)
{
    *reason = what;
    return true;
}

bool standing_reason(const struct standing *standing, enum reason *reason)
{
    if (standing->child_of_warmed)
        return is(reason, REASON_CHILD_OF_WARMED);
    /* Its initial thread may wait in a call that is not hooked: gunicorn's, beside a thread for its control socket. */
    if (!standing->serving_thread && standing->forks)
        return is(reason, REASON_MASTER);
    if (standing->listener) {
        if (!standing->serving_thread)
            return standing->counts && is(reason, REASON_SIDE_THREAD);
        if (!standing->cuda)
            return is(reason, REASON_SERVES_WITHOUT_CUDA);
        return !standing->counts && is(reason, REASON_LOCAL_SOCKET);
    }
    /* What another thread waits for says nothing of the process. */
    if (!standing->serving_thread)
        return false;
    if (standing->forks)
        return is(reason, REASON_MASTER);
    if (standing->forked)
        return is(reason, REASON_UNREACHED);
    return standing->waits_long && is(reason, REASON_NEVER_WAITED);
}

bool standing_is_seldom(unsigned wait)
{
    return wait > 0 && (wait & (wait - 1)) == 0;
}

bool standing_is_time(unsigned wait)
{
    enum { WAITS_MOST = 1000 };
    return wait <= WAITS_MOST && standing_is_seldom(wait);
}
