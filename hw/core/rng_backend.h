/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -object rng-builtin, rng-random: where an entropy device gets its bytes. */
#pragma once

#include "hw/core/machine.h"
#include "qom/user_object.h"

typedef struct {
    UserObjectClass user;
    /* as rng_backend_fill() */
    size_t (*fill)(Object *backend, Machine *machine, void *buffer, size_t length);
} RngBackendClass;

extern const RngBackendClass rng_backend_class;

/**
 * rng_backend_fill - as many of @length bytes as there are without waiting
 *
 * Returns their number; a device that got fewer asks again later. With -seed, the bytes are the
 * machine's deterministic stream, whatever the back end.
 */
size_t rng_backend_fill(Object *backend, Machine *machine, void *buffer, size_t length);
