/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one door through which time of day and entropy reach devices. */
#include "hw/core/host_input.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hw/core/machine.h"
#include "util/error.h"

enum { NS_PER_S = 1000000000 };

typedef enum { RTC_BASE_UTC, RTC_BASE_LOCAL, RTC_BASE_DATE } RtcBase;

/* What the options said; each machine makes its own stream and reference from it. */
typedef struct {
    bool seeded;
    uint64_t seed;
    RtcBase rtc_base;
    int64_t rtc_date_ns; /* since 1970, of RTC_BASE_DATE */
    ClockKind rtc_clock;
} HostInputOptions;

static HostInputOptions options = { .rtc_clock = CLOCK_KIND_HOST };

struct HostInput {
    uint64_t random[4];     /* xoshiro256** */
    int64_t wall_offset_ns; /* guest's time of day minus options.rtc_clock */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards HostInput of every machine */

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* Blackman and Vigna, "Scrambled linear pseudorandom number generators", xoshiro256**. */
static uint64_t next_random(uint64_t *s)
{
    uint64_t result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

static int64_t wall_offset(Machine *machine)
{
    int64_t utc_ns = clock_ns(machine->clocks, CLOCK_KIND_HOST);
    int64_t clock_now_ns = clock_ns(machine->clocks, options.rtc_clock);
    g_autoptr(GDateTime) local = NULL;

    switch (options.rtc_base) {
    case RTC_BASE_DATE: return options.rtc_date_ns - clock_now_ns;
    case RTC_BASE_LOCAL:
        local = g_date_time_new_now_local();
        return utc_ns + g_date_time_get_utc_offset(local) * 1000 - clock_now_ns;
    default: return options.rtc_clock == CLOCK_KIND_HOST ? 0 : utc_ns - clock_now_ns;
    }
}

static HostInput *input_locked(Machine *machine)
{
    if (!machine->input) {
        uint64_t seed = options.seed;
        machine->input = g_new0(HostInput, 1);
        for (size_t i = 0; i < G_N_ELEMENTS(machine->input->random); i++) {
            machine->input->random[i] = splitmix64(&seed);
        }
        machine->input->wall_offset_ns = wall_offset(machine);
    }
    return machine->input;
}

void host_input_free(HostInput *input)
{
    g_free(input);
}

static void host_random(uint8_t *buffer, size_t length)
{
    while (length > 0) {
        ssize_t got = getrandom(buffer, length, 0);
        if (got < 0 && errno != EINTR) {
            g_error("the host gives no random bytes: %s", g_strerror(errno));
        }
        if (got > 0) {
            buffer += got;
            length -= (size_t)got;
        }
    }
}

void host_input_random(Machine *machine, void *buffer, size_t length)
{
    uint8_t *out = buffer;

    if (!options.seeded) {
        host_random(buffer, length);
        return;
    }
    pthread_mutex_lock(&lock);
    HostInput *input = input_locked(machine);
    while (length > 0) {
        uint64_t word = GUINT64_TO_LE(next_random(input->random));
        size_t take = MIN(length, sizeof(word));
        memcpy(out, &word, take);
        out += take;
        length -= take;
    }
    pthread_mutex_unlock(&lock);
}

int64_t host_input_wall_ns(Machine *machine)
{
    pthread_mutex_lock(&lock);
    int64_t offset_ns = input_locked(machine)->wall_offset_ns;
    pthread_mutex_unlock(&lock);
    return clock_ns(machine->clocks, options.rtc_clock) + offset_ns;
}

bool host_input_set_seed(const char *text, GError **errp)
{
    char *end = NULL;

    errno = 0;
    uint64_t seed = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 0) : 0;
    if (!end || *end || errno) {
        error_set(errp, "-seed %s: expected a number of at most 64 bits", text);
        return false;
    }
    options.seed = seed;
    options.seeded = true;
    return true;
}

bool host_input_is_seeded(void)
{
    return options.seeded;
}

static bool parse_base(const char *base, GError **errp)
{
    g_autofree char *full = NULL;
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();

    if (g_str_equal(base, "utc") || g_str_equal(base, "localtime")) {
        options.rtc_base = *base == 'u' ? RTC_BASE_UTC : RTC_BASE_LOCAL;
        return true;
    }
    full = strchr(base, 'T') ? g_strdup(base) : g_strconcat(base, "T00:00:00", NULL);
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(full, utc);
    int64_t seconds = date ? g_date_time_to_unix(date) : -1;
    if (seconds < 0 || seconds > INT64_MAX / NS_PER_S / 2) {
        error_set(errp,
                  "-rtc base=%s: expected utc, localtime or a date such as 2006-06-17T16:01:21",
                  base);
        return false;
    }
    options.rtc_base = RTC_BASE_DATE;
    options.rtc_date_ns = seconds * NS_PER_S;
    return true;
}

static bool parse_clock(const char *clock, GError **errp)
{
    if (g_str_equal(clock, "host")) {
        options.rtc_clock = CLOCK_KIND_HOST;
    } else if (g_str_equal(clock, "rt")) {
        options.rtc_clock = CLOCK_KIND_REALTIME;
    } else if (g_str_equal(clock, "vm")) {
        options.rtc_clock = CLOCK_KIND_VIRTUAL;
    } else {
        error_set(errp, "-rtc clock=%s: expected host, rt or vm", clock);
        return false;
    }
    return true;
}

bool host_input_set_rtc(const char *base, const char *clock, GError **errp)
{
    return (!base || parse_base(base, errp)) && (!clock || parse_clock(clock, errp));
}
