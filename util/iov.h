/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scatter-gather lists of host memory, as disk and network requests carry them. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* The pieces are the caller's memory; the list itself is owned. */
typedef struct {
    struct iovec *pieces;
    unsigned count;
    unsigned capacity;
    uint64_t size;         /* bytes in all pieces */
    struct iovec first[2]; /* room for the common short lists, so that they cost no allocation */
} Iov;

void iov_init(Iov *iov);
/** iov_init_buffer - a list of the one piece @base */
void iov_init_buffer(Iov *iov, void *base, size_t bytes);
/** iov_init_slice - a list of the pieces of @bytes bytes of @whole from @offset */
void iov_init_slice(Iov *iov, const Iov *whole, uint64_t offset, uint64_t bytes);
void iov_cleanup(Iov *iov);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Iov, iov_cleanup)

/** iov_add - append a piece; a piece that continues the last one is joined to it */
void iov_add(Iov *iov, void *base, size_t bytes);
void iov_add_slice(Iov *iov, const Iov *whole, uint64_t offset, uint64_t bytes);

/* All of these need @offset + @bytes <= iov->size. */
void iov_to_buffer(const Iov *iov, uint64_t offset, void *buffer, size_t bytes);
void iov_from_buffer(const Iov *iov, uint64_t offset, const void *buffer, size_t bytes);
void iov_fill(const Iov *iov, uint64_t offset, int byte, uint64_t bytes);
bool iov_is_zero(const Iov *iov, uint64_t offset, uint64_t bytes);

/** iov_buffer_is_zero - whether all @bytes bytes are zero, at memory speed */
bool iov_buffer_is_zero(const void *buffer, size_t bytes);
