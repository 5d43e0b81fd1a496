/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack of codecs: what one makes, the next one takes. */
#include "chardev/codec.h"

CodecStack *codec_stack_new(void)
{
    CodecStack *stack = g_new0(CodecStack, 1);

    stack->wire = g_byte_array_new();
    stack->payload = g_byte_array_new();
    return stack;
}

void codec_stack_free(CodecStack *stack)
{
    for (unsigned i = 0; stack && i < stack->count; i++) {
        stack->codecs[i]->ops->free(stack->codecs[i]);
    }
    if (stack) {
        g_byte_array_unref(stack->wire);
        g_byte_array_unref(stack->payload);
        g_free(stack);
    }
}

void codec_stack_push(CodecStack *stack, Codec *codec)
{
    g_assert(stack->count < CODEC_MAX);
    stack->codecs[stack->count++] = codec;
}

/* What codec number @level wants to say goes through those below it. */
static void send_from(CodecStack *stack, unsigned level, const uint8_t *bytes, size_t length)
{
    if (level == 0) {
        g_byte_array_append(stack->wire, bytes, length);
    } else if (length) {
        Codec *below = stack->codecs[level - 1];
        g_autoptr(GByteArray) coded = g_byte_array_new();
        below->ops->encode(below, bytes, length, coded);
        send_from(stack, level - 1, coded->data, coded->len);
    }
}

static void start_ready(CodecStack *stack)
{
    while (stack->started < stack->count &&
           (stack->started == 0 || stack->codecs[stack->started - 1]->ready)) {
        Codec *codec = stack->codecs[stack->started];
        g_autoptr(GByteArray) said = g_byte_array_new();
        if (codec->ops->start) {
            codec->ops->start(codec, said);
        }
        send_from(stack, stack->started++, said->data, said->len);
    }
}

void codec_stack_start(CodecStack *stack)
{
    start_ready(stack);
}

bool codec_stack_is_ready(const CodecStack *stack)
{
    return stack->codecs[stack->count - 1]->ready;
}

static bool receive_at(CodecStack *stack, unsigned level, const uint8_t *bytes, size_t length,
                       GError **errp)
{
    if (level == stack->count) {
        g_byte_array_append(stack->payload, bytes, length);
        return true;
    }
    Codec *codec = stack->codecs[level];
    g_autoptr(GByteArray) payload = g_byte_array_new();
    g_autoptr(GByteArray) said = g_byte_array_new();
    bool ok = codec->ops->decode(codec, bytes, length, payload, said, errp);
    send_from(stack, level, said->data, said->len);
    start_ready(stack);
    if (payload->len &&
        !receive_at(stack, level + 1, payload->data, payload->len, errp && *errp ? NULL : errp)) {
        return false;
    }
    return ok;
}

bool codec_stack_receive(CodecStack *stack, const uint8_t *bytes, size_t length, GError **errp)
{
    return receive_at(stack, 0, bytes, length, errp);
}

void codec_stack_send(CodecStack *stack, const uint8_t *bytes, size_t length)
{
    send_from(stack, stack->count, bytes, length);
}
