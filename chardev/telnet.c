/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telnet: eight bits each way, the other end echoes nothing. Spec: RFC 854, 856, 857, 858. */
#include "chardev/codec.h"

enum {
    SE = 240,
    BREAK = 243,
    SB = 250,
    WILL = 251,
    WONT = 252,
    DO = 253,
    DONT = 254,
    IAC = 255,
};
enum { OPTION_BINARY = 0, OPTION_ECHO = 1, OPTION_GO_AHEAD = 3, OPTIONS = 256 };

typedef enum { DATA, COMMAND, OPTION, SUB, SUB_COMMAND } TelnetState;

typedef struct {
    Codec codec;
    bool server;
    TelnetState state;
    uint8_t verb; /* OPTION: which of WILL to DONT */
    bool after_cr, binary_in;
    bool ours[OPTIONS], theirs[OPTIONS]; /* said already: an answer to an answer is none */
} TelnetCodec;

static void say(GByteArray *wire, uint8_t verb, uint8_t option)
{
    g_byte_array_append(wire, (const uint8_t[]){ IAC, verb, option }, 3);
}

static void telnet_start(Codec *codec, GByteArray *wire)
{
    TelnetCodec *telnet = container_of(codec, TelnetCodec, codec);

    codec->ready = true;
    if (telnet->server) {
        static const uint8_t offered[] = { OPTION_ECHO, OPTION_GO_AHEAD, OPTION_BINARY };
        for (size_t i = 0; i < G_N_ELEMENTS(offered); i++) {
            say(wire, WILL, offered[i]);
            telnet->ours[offered[i]] = true;
        }
        say(wire, DO, OPTION_BINARY);
        telnet->theirs[OPTION_BINARY] = true;
    }
}

/* A client does what the server of a terminal line does of itself. */
static bool accepts(const TelnetCodec *telnet, uint8_t option)
{
    return option == OPTION_BINARY || option == OPTION_GO_AHEAD ||
           (option == OPTION_ECHO && !telnet->server);
}

static void negotiate(TelnetCodec *telnet, uint8_t option, GByteArray *wire)
{
    bool about_us = telnet->verb == DO || telnet->verb == DONT;
    bool *said = about_us ? &telnet->ours[option] : &telnet->theirs[option];
    bool yes = accepts(telnet, option) && !(about_us && option == OPTION_ECHO);

    if (option == OPTION_BINARY && !about_us) {
        telnet->binary_in = telnet->verb == WILL;
    }
    if (*said || telnet->verb == WONT || telnet->verb == DONT) {
        return;
    }
    *said = true;
    say(wire, about_us ? (yes ? WILL : WONT) : (yes ? DO : DONT), option);
}

/* Without the binary option a carriage return is followed by a byte that means nothing, or by the
 * line feed of an end of line, which a terminal's Return is. */
static void data(TelnetCodec *telnet, uint8_t byte, GByteArray *payload)
{
    bool filler = telnet->after_cr && !telnet->binary_in && (byte == '\0' || byte == '\n');

    telnet->after_cr = byte == '\r';
    if (!filler) {
        g_byte_array_append(payload, &byte, 1);
    }
}

static void command(TelnetCodec *telnet, uint8_t byte, GByteArray *payload)
{
    telnet->state = DATA;
    switch (byte) {
    case IAC: data(telnet, byte, payload); break;
    case SB: telnet->state = SUB; break;
    case BREAK: chardev_send_event(telnet->codec.chardev, CHARDEV_EVENT_BREAK); break;
    case WILL:
    case WONT:
    case DO:
    case DONT:
        telnet->verb = byte;
        telnet->state = OPTION;
        break;
    default: break; /* nothing that concerns a serial line */
    }
}

static bool telnet_decode(Codec *codec, const uint8_t *bytes, size_t length, GByteArray *payload,
                          GByteArray *wire, GError **errp)
{
    TelnetCodec *telnet = container_of(codec, TelnetCodec, codec);

    for (size_t i = 0; i < length; i++) {
        switch (telnet->state) {
        case DATA:
            if (bytes[i] == IAC) {
                telnet->state = COMMAND;
            } else {
                data(telnet, bytes[i], payload);
            }
            break;
        case COMMAND: command(telnet, bytes[i], payload); break;
        case OPTION:
            negotiate(telnet, bytes[i], wire);
            telnet->state = DATA;
            break;
        case SUB: telnet->state = bytes[i] == IAC ? SUB_COMMAND : SUB; break;
        case SUB_COMMAND: telnet->state = bytes[i] == SE ? DATA : SUB; break;
        }
    }
    return true;
}

static void telnet_encode(Codec *codec, const uint8_t *bytes, size_t length, GByteArray *wire)
{
    static const uint8_t escaped[] = { IAC, IAC };

    for (size_t i = 0; i < length; i++) {
        g_byte_array_append(wire, bytes[i] == IAC ? escaped : &bytes[i], bytes[i] == IAC ? 2 : 1);
    }
}

static void telnet_free(Codec *codec)
{
    g_free(container_of(codec, TelnetCodec, codec));
}

Codec *codec_telnet_new(Chardev *chardev, bool server)
{
    static const CodecOps ops = { telnet_start, telnet_decode, telnet_encode, telnet_free };
    TelnetCodec *telnet = g_new0(TelnetCodec, 1);

    telnet->codec.ops = &ops;
    telnet->codec.chardev = chardev;
    telnet->server = server;
    return &telnet->codec;
}
