/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an entropy device gets its bytes. */
#include "hw/core/rng_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/core/host_input.h"
#include "util/error.h"
#include "util/fdset.h"

typedef struct {
    Object object;
    char *path;
    int fd;
} RngRandom;

const RngBackendClass rng_backend_class = {
    .user.object = { .name = "rng-backend",
                     .parent = &user_object_class.object,
                     .instance_size = sizeof(Object),
                     .abstract = true },
};
CLASS_REGISTER(rng_backend_class);

size_t rng_backend_fill(Object *backend, Machine *machine, void *buffer, size_t length)
{
    size_t (*fill)(Object *, Machine *, void *, size_t) =
        CLASS_METHOD(backend, rng_backend_class, RngBackendClass, fill);

    return fill(backend, machine, buffer, length);
}

static size_t builtin_fill(Object *backend, Machine *machine, void *buffer, size_t length)
{
    host_input_random(machine, buffer, length);
    return length;
}

static const RngBackendClass rng_builtin_class = {
    .user = { .object = { .name = "rng-builtin", .parent = &rng_backend_class.user.object },
              .summary = "Entropy from the host's kernel" },
    .fill = builtin_fill,
};
CLASS_REGISTER(rng_builtin_class);

static void rng_random_init(Object *obj)
{
    container_of(obj, RngRandom, object)->fd = -1;
}

static void rng_random_finalize(Object *obj)
{
    RngRandom *rng = container_of(obj, RngRandom, object);

    if (rng->fd >= 0) {
        close(rng->fd);
    }
}

static bool rng_random_complete(Object *obj, GError **errp)
{
    RngRandom *rng = container_of(obj, RngRandom, object);

    struct stat st;

    rng->fd = fdset_open(rng->path, O_RDONLY | O_NONBLOCK, 0);
    if (rng->fd < 0 || fstat(rng->fd, &st) < 0) {
        error_set_errno(errp, errno, "rng-random: cannot open '%s'", rng->path);
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        error_set(errp, "rng-random: '%s' is a directory", rng->path);
        return false;
    }
    return true;
}

static size_t rng_random_fill(Object *obj, Machine *machine, void *buffer, size_t length)
{
    RngRandom *rng = container_of(obj, RngRandom, object);

    if (host_input_is_seeded()) {
        host_input_random(machine, buffer, length);
        return length;
    }
    ssize_t got = read(rng->fd, buffer, length);
    return got > 0 ? (size_t)got : 0;
}

static const Property rng_random_properties[] = {
    PROPERTY_STRING("filename", RngRandom, path, "/dev/urandom", .help = "file to read from"),
    {},
};

static const RngBackendClass rng_random_class = {
    .user = { .object = { .name = "rng-random",
                          .parent = &rng_backend_class.user.object,
                          .instance_size = sizeof(RngRandom),
                          .properties = rng_random_properties,
                          .init = rng_random_init,
                          .finalize = rng_random_finalize },
              .summary = "Entropy from a file or device of the host",
              .complete = rng_random_complete },
    .fill = rng_random_fill,
};
CLASS_REGISTER(rng_random_class);
