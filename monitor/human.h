/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands as people type them. */
#pragma once

#include "schema/command.h"

/** human_topic - what "info TOPIC" says; caller frees */
char *human_topic(const CommandContext *context, const char *topic, GError **errp);
/**
 * human_run - run one line
 * @cpu_index: the processor that commands about registers and memory are about
 *
 * Returns what it says, errors included; caller frees.
 */
char *human_run(const CommandContext *context, const char *line, unsigned cpu_index);
