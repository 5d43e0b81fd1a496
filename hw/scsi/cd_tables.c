/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies of CD drives that are tables.  Spec: MMC-6, SPC-4. */
#include <string.h>

#include "hw/scsi/cd_tables_internal.h"

enum { LEAD_IN_FRAMES = 150 };

void cd_put_be(uint8_t *bytes, uint32_t value, unsigned count)
{
    for (unsigned i = count; i-- > 0; value >>= 8) {
        bytes[i] = value;
    }
}

static uint8_t coded(uint32_t number, bool bcd)
{
    return bcd ? number / 10 % 10 << 4 | number % 10 : number;
}

void cd_put_msf(uint8_t bytes[3], uint32_t frames, bool bcd)
{
    bytes[0] = coded(frames / 75 / 60, bcd);
    bytes[1] = coded(frames / 75 % 60, bcd);
    bytes[2] = coded(frames % 75, bcd);
}

/* @bytes characters, filled up with spaces */
static void put_text(uint8_t *to, const char *text, unsigned bytes)
{
    memset(to, ' ', bytes);
    memcpy(to, text, MIN(strlen(text), bytes));
}

/* SPC-4, 6.4.2 */
uint32_t cd_put_inquiry(const CdDrive *cd, uint8_t *buffer)
{
    enum { BYTES = 36, CD_ROM = 0x05, REMOVABLE = 0x80, SPC_3 = 0x05, ATAPI_FORMAT = 0x32 };

    memset(buffer, 0, BYTES);
    buffer[0] = CD_ROM;
    buffer[1] = REMOVABLE;
    buffer[2] = SPC_3;
    buffer[3] = ATAPI_FORMAT & 0x0f; /* response data format 2 */
    buffer[4] = BYTES - 5;
    put_text(buffer + 8, cd->vendor, 8);
    put_text(buffer + 16, cd->model, 16);
    put_text(buffer + 32, cd->version, 4);
    return BYTES;
}

/* SPC-4, 7.8 */
uint32_t cd_put_vital_data(const CdDrive *cd, uint8_t page, uint8_t *buffer)
{
    enum { CD_ROM = 0x05, PAGES = 0x00, SERIAL = 0x80, IDENTIFICATION = 0x83, HEADER = 4 };
    enum { ASCII = 2, VENDOR_ID = 0, DESCRIPTOR = 4 };
    uint32_t length = strlen(cd->serial);

    memset(buffer, 0, HEADER);
    buffer[0] = CD_ROM;
    buffer[1] = page;
    switch (page) {
    case PAGES:
        buffer[HEADER] = PAGES;
        buffer[HEADER + 1] = SERIAL;
        buffer[HEADER + 2] = IDENTIFICATION;
        length = 3;
        break;
    case SERIAL: memcpy(buffer + HEADER, cd->serial, length); break;
    case IDENTIFICATION:
        buffer[HEADER] = ASCII;
        buffer[HEADER + 1] = VENDOR_ID;
        buffer[HEADER + 2] = 0;
        buffer[HEADER + 3] = length;
        memcpy(buffer + HEADER + DESCRIPTOR, cd->serial, length);
        length += DESCRIPTOR;
        break;
    default: return 0;
    }
    buffer[3] = length;
    return HEADER + length;
}

enum { PAGE_RECOVERY = 0x01, PAGE_AUDIO = 0x0e, PAGE_CAPABILITIES = 0x2a, PAGE_ALL = 0x3f };

static uint32_t put_recovery(const CdDrive *cd, uint8_t *page)
{
    page[5] = 5; /* retries */
    return 8;
}

static uint32_t put_audio(const CdDrive *cd, uint8_t *page)
{
    page[2] = 4; /* IMMED, which this page always has */
    return 16;
}

/* Of MMC-3; MMC-6 keeps it as legacy. */
static uint32_t put_capabilities(const CdDrive *cd, uint8_t *page)
{
    enum { READS_CD_R_RW_DVD = 0x3b, MULTI_SESSION = 0x70, SPEED = 50 * 176, BUFFER_KIB = 512 };
    enum { LOCK = 0x01, LOCKED = 0x02, EJECT = 0x08, TRAY = 0x20 };

    page[2] = READS_CD_R_RW_DVD;
    page[4] = MULTI_SESSION;
    page[6] = LOCK | EJECT | TRAY | (cd->locked ? LOCKED : 0);
    cd_put_be(page + 8, SPEED, 2);
    cd_put_be(page + 10, 2, 2); /* volume levels */
    cd_put_be(page + 12, BUFFER_KIB, 2);
    cd_put_be(page + 14, SPEED, 2);
    return 22;
}

static const struct {
    uint8_t page;
    uint32_t (*put)(const CdDrive *cd, uint8_t *page);
} mode_pages[] = {
    { PAGE_RECOVERY, put_recovery },
    { PAGE_AUDIO, put_audio },
    { PAGE_CAPABILITIES, put_capabilities },
};

uint32_t cd_put_mode_pages(const CdDrive *cd, uint8_t page, bool changeable, uint8_t *buffer)
{
    enum { MAX_PAGE = 32 };
    uint32_t at = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(mode_pages); i++) {
        if (page != PAGE_ALL && page != mode_pages[i].page) {
            continue;
        }
        memset(buffer + at, 0, MAX_PAGE);
        uint32_t bytes = mode_pages[i].put(cd, buffer + at);
        if (changeable) {
            memset(buffer + at, 0, bytes);
        }
        buffer[at] = mode_pages[i].page;
        buffer[at + 1] = bytes - 2;
        at += bytes;
    }
    return at;
}

enum { TOC_LEAD_OUT = 0xaa, DATA_TRACK = 0x14, ONE_SESSION = 1 };

static void put_address(uint8_t *bytes, uint32_t lba, bool msf)
{
    if (msf) {
        bytes[0] = 0;
        cd_put_msf(bytes + 1, lba + LEAD_IN_FRAMES, false);
    } else {
        cd_put_be(bytes, lba, 4);
    }
}

static uint32_t put_track(uint8_t *at, uint8_t track, uint32_t lba, bool msf)
{
    at[0] = 0;
    at[1] = DATA_TRACK;
    at[2] = track;
    at[3] = 0;
    put_address(at + 4, lba, msf);
    return 8;
}

/* One data track from the start to the end. */
static uint32_t put_tracks(uint8_t first, bool msf, uint32_t blocks, uint8_t *buffer)
{
    uint32_t at = 4;

    if (first > 1 && first != TOC_LEAD_OUT) {
        return 0;
    }
    buffer[2] = buffer[3] = 1;
    if (first <= 1) {
        at += put_track(buffer + at, 1, 0, msf);
    }
    return at + put_track(buffer + at, TOC_LEAD_OUT, blocks, msf);
}

/* Format 2: as the lead-in has it; always minutes, seconds, frames. */
static uint32_t put_full_toc(uint32_t blocks, uint8_t *buffer)
{
    static const uint8_t points[] = { 0xa0, 0xa1, 0xa2, 0x01 };
    uint32_t at = 4;

    buffer[2] = buffer[3] = ONE_SESSION;
    for (unsigned i = 0; i < sizeof(points); i++, at += 11) {
        uint8_t *entry = buffer + at;
        memset(entry, 0, 11);
        entry[0] = ONE_SESSION;
        entry[1] = DATA_TRACK;
        entry[3] = points[i];
        switch (points[i]) {
        case 0xa0:
        case 0xa1: entry[8] = 1; break; /* first and last track */
        case 0xa2: cd_put_msf(entry + 8, blocks + LEAD_IN_FRAMES, false); break;
        default: cd_put_msf(entry + 8, LEAD_IN_FRAMES, false); break;
        }
    }
    return at;
}

uint32_t cd_put_toc(unsigned format, uint8_t first, bool msf, uint32_t blocks, uint8_t *buffer)
{
    enum { TRACKS = 0, SESSIONS = 1, FULL = 2 };
    uint32_t bytes = 0;

    switch (format) {
    case TRACKS: bytes = put_tracks(first, msf, blocks, buffer); break;
    case SESSIONS:
        buffer[2] = buffer[3] = ONE_SESSION;
        bytes = 4 + put_track(buffer + 4, 1, 0, msf);
        break;
    case FULL: bytes = put_full_toc(blocks, buffer); break;
    }
    if (bytes) {
        cd_put_be(buffer, bytes - 2, 2);
    }
    return bytes;
}

enum { PROFILE_CD_ROM = 0x0008, PROFILE_DVD_ROM = 0x0010 };
enum { SUPPORT_PERSISTENT = 0x02, SUPPORT_CURRENT = 0x01 };

static uint16_t current_profile(const CdDrive *cd)
{
    uint32_t blocks = cd_drive_blocks(cd);

    return blocks == 0 ? 0 : blocks > CD_MAX_BLOCKS ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
}

typedef struct {
    uint16_t code;
    uint8_t version, bytes;
    bool persistent;
    uint16_t profile; /* current with it; 0: with all, CD_ANY: with any medium */
    uint8_t data[12];
} Feature;
enum { CD_ANY = 0xffff };

static const Feature features[] = {
    { 0x0000, 0, 8, true, 0, { 0x00, 0x10, 0, 0, 0x00, 0x08, 0, 0 } }, /* profiles */
    { 0x0001, 2, 8, true, 0, { 0, 0, 0, 2, 1 } },                      /* core, on ATAPI */
    { 0x0002, 1, 4, true, 0, { 0 } },                                  /* morphing */
    { 0x0003, 0, 4, true, 0, { 0x29 } },                   /* removable: tray, eject, lock */
    { 0x0010, 0, 8, false, CD_ANY, { 0, 0, 8, 0, 0, 1 } }, /* random readable */
    { 0x001e, 2, 4, false, PROFILE_CD_ROM, { 0 } },        /* CD read */
    { 0x001f, 0, 0, false, PROFILE_DVD_ROM, { 0 } },       /* DVD read */
};

static uint32_t put_feature(const Feature *feature, uint16_t profile, uint8_t *at)
{
    bool current = feature->profile == 0 || (feature->profile == CD_ANY && profile) ||
                   (profile && feature->profile == profile);

    cd_put_be(at, feature->code, 2);
    at[2] = feature->version << 2 | (feature->persistent ? SUPPORT_PERSISTENT : 0) |
            (current ? SUPPORT_CURRENT : 0);
    at[3] = feature->bytes;
    memcpy(at + 4, feature->data, feature->bytes);
    if (feature->code == 0) { /* each profile says whether it is current */
        at[6] = profile == PROFILE_DVD_ROM;
        at[10] = profile == PROFILE_CD_ROM;
    }
    return 4 + feature->bytes;
}

uint32_t cd_put_features(const CdDrive *cd, unsigned which, uint16_t first, uint8_t *buffer)
{
    enum { CURRENT_ONLY = 1, ONE = 2, HEADER = 8 };
    uint16_t profile = current_profile(cd);
    uint32_t at = HEADER;

    memset(buffer, 0, HEADER);
    cd_put_be(buffer + 6, profile, 2);
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        if (features[i].code < first || (which == ONE && features[i].code != first)) {
            continue;
        }
        uint32_t bytes = put_feature(&features[i], profile, buffer + at);
        at += which != CURRENT_ONLY || buffer[at + 2] & SUPPORT_CURRENT ? bytes : 0;
    }
    cd_put_be(buffer, at - 4, 4);
    return at;
}

/* 6.22; of CDs only the list of structures */
uint32_t cd_put_structure(uint8_t format, bool dvd, uint32_t blocks, uint8_t *buffer)
{
    enum { PHYSICAL = 0x00, COPYRIGHT = 0x01, MANUFACTURER = 0x04, HEADER = 4 };
    enum { FIRST_SECTOR = 0x30000, READABLE = 0x40 };
    uint32_t bytes = 0;

    if (!dvd) {
        return 0;
    }
    switch (format) {
    case PHYSICAL:
        bytes = 2048;
        memset(buffer, 0, HEADER + bytes);
        buffer[4] = 0x01; /* DVD-ROM, part version 1 */
        buffer[5] = 0x0f; /* 120 mm, no maximal rate */
        buffer[6] = 0x01; /* one layer, embossed */
        cd_put_be(buffer + 8, FIRST_SECTOR, 4);
        cd_put_be(buffer + 12, FIRST_SECTOR + blocks - 1, 4);
        break;
    case COPYRIGHT: /* none */
        bytes = 4;
        memset(buffer, 0, HEADER + bytes);
        break;
    case MANUFACTURER:
        bytes = 2048;
        memset(buffer, 0, HEADER + bytes);
        break;
    case 0xff: { /* list */
        static const uint8_t formats[] = { PHYSICAL, COPYRIGHT, MANUFACTURER };
        memset(buffer, 0, HEADER + 4 * sizeof(formats));
        for (unsigned i = 0; i < sizeof(formats); i++, bytes += 4) {
            buffer[HEADER + bytes] = formats[i];
            buffer[HEADER + bytes + 1] = READABLE;
            cd_put_be(buffer + HEADER + bytes + 2, formats[i] == COPYRIGHT ? 8 : 2052, 2);
        }
        break;
    }
    default: return 0;
    }
    cd_put_be(buffer, bytes + 2, 2);
    return HEADER + bytes;
}
