/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands between a line and the bytes on its socket: telnet, websocket, TLS. Codecs work on
 * memory alone; whoever has the socket moves .wire and .payload. The first of a stack is next to
 * the wire; each starts when the one below it is ready.
 */
#pragma once

#include "chardev/chardev.h"

typedef struct TlsCreds TlsCreds;
typedef struct Codec Codec;
typedef struct CodecStack CodecStack;

enum { CODEC_MAX = 2, CODEC_CHUNK_BYTES = 16 * 1024 };

typedef struct {
    /* what is said first into @wire; NULL: nothing, but it is not .ready before it heard something
     */
    void (*start)(Codec *codec, GByteArray *wire);
    /* @payload and @wire are appended to; false: it ends here, with error if the peer is to blame
     */
    bool (*decode)(Codec *codec, const uint8_t *bytes, size_t length, GByteArray *payload,
                   GByteArray *wire, GError **errp);
    void (*encode)(Codec *codec, const uint8_t *bytes, size_t length, GByteArray *wire);
    void (*free)(Codec *codec);
} CodecOps;

struct Codec {
    const CodecOps *ops;
    Chardev *chardev; /* for events */
    bool ready;       /* may encode */
};

struct CodecStack {
    Codec *codecs[CODEC_MAX];
    unsigned count, started;
    GByteArray *wire;    /* to be sent */
    GByteArray *payload; /* received, not yet taken by the front end */
};

/** codec_stack_new - of no codecs yet; codec_stack_free: with all of them */
CodecStack *codec_stack_new(void);
void codec_stack_free(CodecStack *stack);
/** codec_stack_push - on top of what is there; takes over @codec */
void codec_stack_push(CodecStack *stack, Codec *codec);
/** codec_stack_start - a connection is there */
void codec_stack_start(CodecStack *stack);
bool codec_stack_is_ready(const CodecStack *stack);
/** codec_stack_receive - bytes from the wire; false: the connection ends here */
bool codec_stack_receive(CodecStack *stack, const uint8_t *bytes, size_t length, GError **errp);
/** codec_stack_send - bytes for the peer */
void codec_stack_send(CodecStack *stack, const uint8_t *bytes, size_t length);

/** codec_telnet_new - Spec: RFC 854, 856, 857, 858. @server: it proposes */
Codec *codec_telnet_new(Chardev *chardev, bool server);
/** codec_tls_new - see tls_creds_check_peer() for @host and @authz; NULL with error */
Codec *codec_tls_new(Chardev *chardev, TlsCreds *creds, const char *host, const char *authz,
                     GError **errp);
/** codec_websocket_new - the server's side. Spec: RFC 6455 */
Codec *codec_websocket_new(Chardev *chardev);
