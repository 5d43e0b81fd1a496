/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one door through which the outside world reaches devices: time of day, entropy. (Characters, packets and disk
 * completions come through their back ends, which stamp them the same way.) With -seed, entropy is a deterministic stream.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

typedef struct Machine Machine;

/** host_input_random - fill @buffer; deterministic under -seed. Never fails: start-up checks that the host has entropy */
void host_input_random(Machine *machine, void *buffer, size_t length);
/** host_input_wall_ns - guest-visible time of day, ns since 1970, as -rtc base= and clock= define it */
int64_t host_input_wall_ns(Machine *machine);
bool host_input_set_seed(const char *text, GError **errp);
bool host_input_set_rtc(const char *base, const char *clock, GError **errp);
