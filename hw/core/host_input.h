/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one door through which the outside world reaches devices: time of day, entropy. (Characters,
 * packets and disk completions come through their back ends, which stamp them the same way.) With
 * -seed, entropy is a deterministic stream.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Machine Machine;
typedef struct HostInput HostInput;

/** host_input_random - fill @buffer; deterministic under -seed. Never fails: start-up checks that
 * the host has entropy */
void host_input_random(Machine *machine, void *buffer, size_t length);
/** host_input_wall_ns - guest-visible time of day, ns since 1970, as -rtc base= and clock= define
 * it */
int64_t host_input_wall_ns(Machine *machine);
/** host_input_set_seed - -seed: a number; before the first machine is made */
bool host_input_set_seed(const char *text, GError **errp);
/** host_input_is_seeded - whether random bytes come from -seed */
bool host_input_is_seeded(void);
/** host_input_set_rtc - -rtc base=utc|localtime|DATE, clock=host|rt|vm; NULL leaves a part as it is
 */
bool host_input_set_rtc(const char *base, const char *clock, GError **errp);
/** host_input_free - the machine's share; called when it ends */
void host_input_free(HostInput *input);
