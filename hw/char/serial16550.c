/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 16550A UART with FIFOs. Characters leave at the speed of the host; when the host does not take
 * them they wait in the transmit FIFO and the guest sees a transmitter that is busy, so none is
 * lost and no vCPU waits. Spec: PC16550D data sheet (National Semiconductor, 1995), section 8.
 */
#include "hw/char/serial16550.h"

#include <string.h>

#include "util/error.h"
#include "util/log.h"

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR };

enum { IER_RX = 0x01, IER_TX = 0x02, IER_LINE = 0x04, IER_MODEM = 0x08, IER_MASK = 0x0f };
enum {
    IIR_MODEM = 0x00,
    IIR_NONE = 0x01,
    IIR_TX = 0x02,
    IIR_RX = 0x04,
    IIR_LINE = 0x06,
    IIR_TIMEOUT = 0x0c,
    IIR_FIFO = 0xc0
};
enum {
    FCR_ENABLE = 0x01,
    FCR_CLEAR_RX = 0x02,
    FCR_CLEAR_TX = 0x04,
    FCR_TRIGGER_SHIFT = 6,
    FCR_KEPT = 0xc9
};
enum { LCR_WORD = 0x03, LCR_STOP = 0x04, LCR_PARITY = 0x08, LCR_DLAB = 0x80 };
enum {
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08,
    MCR_LOOP = 0x10,
    MCR_MASK = 0x1f
};
enum {
    LSR_READY = 0x01,
    LSR_OVERRUN = 0x02,
    LSR_PARITY = 0x04,
    LSR_FRAMING = 0x08,
    LSR_BREAK = 0x10,
    LSR_TX_EMPTY = 0x20,
    LSR_TX_IDLE = 0x40,
    LSR_FIFO_ERROR = 0x80,
    LSR_CHAR_ERRORS = LSR_PARITY | LSR_FRAMING | LSR_BREAK,
    LSR_LINE_SOURCES = LSR_OVERRUN | LSR_CHAR_ERRORS,
};
enum {
    MSR_DELTA_CTS = 0x01,
    MSR_DELTA_DSR = 0x02,
    MSR_RING_ENDED = 0x04,
    MSR_DELTA_DCD = 0x08,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
    MSR_RI = 0x40,
    MSR_DCD = 0x80,
    MSR_DELTAS = 0x0f,
};

/* RCVR FIFO trigger levels, table IV of the data sheet. */
static const uint8_t trigger_bytes[4] = { 1, 4, 8, 14 };

static bool fifo_enabled(const Serial16550 *uart)
{
    return uart->fcr & FCR_ENABLE;
}

static unsigned fifo_capacity(const Serial16550 *uart)
{
    return fifo_enabled(uart) ? SERIAL16550_FIFO_BYTES : 1;
}

/* Table V: identification of the highest of four priorities. */
static uint8_t interrupt_id(const Serial16550 *uart)
{
    if ((uart->ier & IER_LINE) && (uart->lsr & LSR_LINE_SOURCES)) {
        return IIR_LINE;
    }
    if ((uart->ier & IER_RX) && uart->rx_count) {
        if (!fifo_enabled(uart) ||
            uart->rx_count >= trigger_bytes[uart->fcr >> FCR_TRIGGER_SHIFT]) {
            return IIR_RX;
        }
        if (uart->timeout_pending) {
            return IIR_TIMEOUT;
        }
    }
    if ((uart->ier & IER_TX) && uart->thre_pending) {
        return IIR_TX;
    }
    if ((uart->ier & IER_MODEM) && (uart->msr & MSR_DELTAS)) {
        return IIR_MODEM;
    }
    return IIR_NONE;
}

static void update_irq(Serial16550 *uart)
{
    irq_set(uart->irq, interrupt_id(uart) != IIR_NONE);
}

/* LSR follows the character at the top of the receive FIFO. */
static void update_rx_status(Serial16550 *uart)
{
    uart->lsr &= ~(LSR_READY | LSR_FIFO_ERROR);
    if (!uart->rx_count) {
        return;
    }
    uart->lsr |= LSR_READY;
    for (unsigned i = 0; fifo_enabled(uart) && i < uart->rx_count; i++) {
        if (uart->rx_errors[(uart->rx_head + i) % SERIAL16550_FIFO_BYTES]) {
            uart->lsr |= LSR_FIFO_ERROR;
        }
    }
}

/* The error bits of a character show when it reaches the top, once. */
static void reveal_top_errors(Serial16550 *uart)
{
    uart->lsr |= uart->rx_errors[uart->rx_head];
}

static int64_t character_ns(const Serial16550 *uart)
{
    unsigned bits =
        1 + 5 + (uart->lcr & LCR_WORD) + !!(uart->lcr & LCR_PARITY) + 1 + !!(uart->lcr & LCR_STOP);
    uint64_t divisor = uart->divisor ? uart->divisor : 1;
    return (int64_t)(bits * 16 * divisor * 1000000000ull / uart->clock_hz);
}

static void restart_timeout(Serial16550 *uart)
{
    uart->timeout_pending = false;
    if (fifo_enabled(uart) && uart->rx_count) {
        timer_set_ns(&uart->timeout,
                     clock_ns(uart->timeout.clocks, CLOCK_KIND_VIRTUAL) + 4 * character_ns(uart));
    } else {
        timer_cancel(&uart->timeout);
    }
}

static void timeout_expired(void *opaque)
{
    Serial16550 *uart = opaque;
    uart->timeout_pending = uart->rx_count != 0;
    update_irq(uart);
}

static void rx_push(Serial16550 *uart, uint8_t byte, uint8_t errors)
{
    if (uart->rx_count >= fifo_capacity(uart)) {
        uart->lsr |= LSR_OVERRUN;
        if (!fifo_enabled(uart)) {
            uart->rx_data[uart->rx_head] = byte; /* without FIFO the newer character wins */
        }
        return;
    }
    unsigned at = (uart->rx_head + uart->rx_count) % SERIAL16550_FIFO_BYTES;
    uart->rx_data[at] = byte;
    uart->rx_errors[at] = errors;
    if (uart->rx_count++ == 0) {
        reveal_top_errors(uart);
    }
}

static void rx_settle(Serial16550 *uart)
{
    update_rx_status(uart);
    restart_timeout(uart);
    update_irq(uart);
}

static void rx_clear(Serial16550 *uart)
{
    uart->rx_head = uart->rx_count = 0;
    memset(uart->rx_errors, 0, sizeof(uart->rx_errors));
    uart->lsr &= ~LSR_CHAR_ERRORS;
    rx_settle(uart);
}

static uint8_t rx_pop(Serial16550 *uart)
{
    uint8_t byte = uart->rx_data[uart->rx_head];
    if (!uart->rx_count) {
        return byte; /* the buffer register keeps its last value */
    }
    uart->rx_errors[uart->rx_head] = 0;
    uart->rx_head = (uart->rx_head + 1) % SERIAL16550_FIFO_BYTES;
    if (--uart->rx_count) {
        reveal_top_errors(uart);
    }
    rx_settle(uart);
    chardev_accept_input(&uart->port);
    return byte;
}

static size_t host_can_receive(void *opaque)
{
    Serial16550 *uart = opaque;
    if ((uart->mcr & MCR_LOOP) || uart->rx_count >= fifo_capacity(uart)) {
        return 0;
    }
    return fifo_capacity(uart) - uart->rx_count;
}

static void host_receive(void *opaque, const uint8_t *bytes, size_t length)
{
    Serial16550 *uart = opaque;
    for (size_t i = 0; i < length; i++) {
        rx_push(uart, bytes[i], 0);
    }
    rx_settle(uart);
}

static void host_event(void *opaque, ChardevEvent event)
{
    Serial16550 *uart = opaque;
    if (event == CHARDEV_EVENT_BREAK && host_can_receive(uart)) {
        rx_push(uart, 0, LSR_BREAK);
        rx_settle(uart);
    }
}

static void tx_emptied(Serial16550 *uart)
{
    uart->lsr |= LSR_TX_EMPTY | LSR_TX_IDLE;
    uart->thre_pending = true;
}

/* Hand on what the host takes; the rest waits for host_writable(). */
static void tx_push_out(Serial16550 *uart)
{
    size_t taken = chardev_write(&uart->port, uart->tx_data, uart->tx_count);
    uart->tx_count -= taken;
    memmove(uart->tx_data, uart->tx_data + taken, uart->tx_count);
    if (!uart->tx_count) {
        tx_emptied(uart);
    }
    update_irq(uart);
}

static void host_writable(void *opaque)
{
    Serial16550 *uart = opaque;
    if (uart->tx_count) {
        tx_push_out(uart);
    }
}

static const ChardevHandlers serial16550_handlers = {
    .can_receive = host_can_receive,
    .receive = host_receive,
    .event = host_event,
    .writable = host_writable,
};

static void tx_write(Serial16550 *uart, uint8_t byte)
{
    uart->thre_pending = false;
    if (uart->mcr & MCR_LOOP) {
        rx_push(uart, byte, 0);
        update_irq(uart);
        tx_emptied(uart);
        rx_settle(uart);
        return;
    }
    if (uart->tx_count >= fifo_capacity(uart)) {
        log_guest_error("serial16550: character %#x written to a full transmitter is lost\n", byte);
        if (fifo_enabled(uart)) {
            return;
        }
        uart->tx_count = 0; /* the holding register is overwritten */
    }
    uart->tx_data[uart->tx_count++] = byte;
    uart->lsr &= ~(LSR_TX_EMPTY | LSR_TX_IDLE);
    update_irq(uart); /* the line falls between two "empty" interrupts */
    tx_push_out(uart);
}

/* Section 8.7: in loopback the four outputs drive the four inputs; else the far end is ready. */
static void update_modem(Serial16550 *uart)
{
    uint8_t old = uart->msr, lines = MSR_CTS | MSR_DSR | MSR_DCD;
    if (uart->mcr & MCR_LOOP) {
        lines = (uart->mcr & MCR_RTS ? MSR_CTS : 0) | (uart->mcr & MCR_DTR ? MSR_DSR : 0) |
                (uart->mcr & MCR_OUT1 ? MSR_RI : 0) | (uart->mcr & MCR_OUT2 ? MSR_DCD : 0);
    }
    uint8_t changed = (old ^ lines) & ~MSR_DELTAS;
    uint8_t deltas = old & MSR_DELTAS;
    deltas |= changed & MSR_CTS ? MSR_DELTA_CTS : 0;
    deltas |= changed & MSR_DSR ? MSR_DELTA_DSR : 0;
    deltas |= changed & MSR_DCD ? MSR_DELTA_DCD : 0;
    deltas |= (old & MSR_RI) && !(lines & MSR_RI) ? MSR_RING_ENDED : 0;
    uart->msr = lines | deltas;
}

static void write_fcr(Serial16550 *uart, uint8_t value)
{
    bool toggled = (value ^ uart->fcr) & FCR_ENABLE;
    if (!(value & FCR_ENABLE)) {
        value = 0; /* the other bits are only programmed together with the enable bit */
    }
    uart->fcr = value & FCR_KEPT;
    if (toggled || (value & FCR_CLEAR_TX)) {
        if (uart->tx_count) {
            uart->tx_count = 0;
            tx_emptied(uart);
        }
    }
    if (toggled || (value & FCR_CLEAR_RX)) {
        rx_clear(uart);
        chardev_accept_input(&uart->port);
    }
    update_irq(uart);
}

static void write_ier(Serial16550 *uart, uint8_t value)
{
    bool tx_enabled_now = (value & ~uart->ier & IER_TX) != 0;
    uart->ier = value & IER_MASK;
    if (tx_enabled_now && (uart->lsr & LSR_TX_EMPTY)) {
        uart->thre_pending = true;
    }
    update_irq(uart);
}

static uint8_t read_iir(Serial16550 *uart)
{
    uint8_t id = interrupt_id(uart);
    if (id == IIR_TX) {
        uart->thre_pending = false;
        update_irq(uart);
    }
    return id | (fifo_enabled(uart) ? IIR_FIFO : 0);
}

static uint8_t read_lsr(Serial16550 *uart)
{
    uint8_t value = uart->lsr;
    uart->lsr &= ~LSR_LINE_SOURCES;
    if (uart->rx_count) {
        uart->rx_errors[uart->rx_head] = 0;
    }
    update_rx_status(uart);
    update_irq(uart);
    return value;
}

static uint8_t read_msr(Serial16550 *uart)
{
    uint8_t value = uart->msr;
    uart->msr &= ~MSR_DELTAS;
    update_irq(uart);
    return value;
}

uint8_t serial16550_read(Serial16550 *uart, unsigned reg)
{
    bool dlab = uart->lcr & LCR_DLAB;
    switch (reg % SERIAL16550_REGISTERS) {
    case REG_DATA: return dlab ? uart->divisor & 0xff : rx_pop(uart);
    case REG_IER: return dlab ? uart->divisor >> 8 : uart->ier;
    case REG_IIR_FCR: return read_iir(uart);
    case REG_LCR: return uart->lcr;
    case REG_MCR: return uart->mcr;
    case REG_LSR: return read_lsr(uart);
    case REG_MSR: return read_msr(uart);
    default: return uart->scr;
    }
}

void serial16550_write(Serial16550 *uart, unsigned reg, uint8_t value)
{
    bool dlab = uart->lcr & LCR_DLAB;
    switch (reg % SERIAL16550_REGISTERS) {
    case REG_DATA:
        if (dlab) {
            uart->divisor = (uart->divisor & 0xff00) | value;
        } else {
            tx_write(uart, value);
        }
        break;
    case REG_IER:
        if (dlab) {
            uart->divisor = (uart->divisor & 0x00ff) | value << 8;
        } else {
            write_ier(uart, value);
        }
        break;
    case REG_IIR_FCR: write_fcr(uart, value); break;
    case REG_LCR: uart->lcr = value; break;
    case REG_MCR:
        uart->mcr = value & MCR_MASK;
        update_modem(uart);
        update_irq(uart);
        chardev_accept_input(&uart->port);
        break;
    case REG_SCR: uart->scr = value; break;
    default: /* LSR and MSR: the data sheet reserves writes for factory test */
        log_guest_error("serial16550: write of %#x to read-only register %u\n", value, reg);
        break;
    }
}

bool serial16550_init(Serial16550 *uart, Chardev *chardev, ClockSet *clocks, uint32_t clock_hz,
                      GError **errp)
{
    uart->clock_hz = clock_hz;
    timer_init(&uart->timeout, clocks, CLOCK_KIND_VIRTUAL, timeout_expired, uart);
    return chardev_attach(&uart->port, chardev, &serial16550_handlers, uart, errp);
}

void serial16550_cleanup(Serial16550 *uart)
{
    timer_cancel(&uart->timeout);
    chardev_detach(&uart->port);
}

void serial16550_reset(Serial16550 *uart)
{
    uart->ier = uart->fcr = uart->lcr = uart->mcr = uart->scr = 0;
    uart->lsr = LSR_TX_EMPTY | LSR_TX_IDLE;
    uart->msr = MSR_CTS | MSR_DSR | MSR_DCD;
    uart->divisor =
        12; /* 9600 baud from the usual 1.8432 MHz; the data sheet leaves it undefined */
    uart->thre_pending = uart->timeout_pending = false;
    memset(uart->rx_data, 0, sizeof(uart->rx_data));
    memset(uart->rx_errors, 0, sizeof(uart->rx_errors));
    memset(uart->tx_data, 0, sizeof(uart->tx_data));
    uart->rx_head = uart->rx_count = uart->tx_count = 0;
    timer_cancel(&uart->timeout);
    update_irq(uart);
    chardev_accept_input(&uart->port);
}

static bool serial16550_post_load(void *opaque, uint32_t version, GError **errp)
{
    Serial16550 *uart = opaque;
    if (uart->rx_head >= SERIAL16550_FIFO_BYTES || uart->rx_count > SERIAL16550_FIFO_BYTES ||
        uart->tx_count > SERIAL16550_FIFO_BYTES) {
        error_set(errp, "serial16550: saved FIFO counters are out of range");
        return false;
    }
    if (uart->rx_count && fifo_enabled(uart) && !uart->timeout_pending) {
        restart_timeout(uart);
    }
    host_writable(uart);
    return true;
}

/* The timeout timer is rebuilt: it only delays input that is already there. */
const VmState serial16550_vmstate = {
    .name = "serial16550",
    .version = 1,
    .post_load = serial16550_post_load,
    .fields =
        (const VmField[]){
            VM_U8(Serial16550, ier),
            VM_U8(Serial16550, fcr),
            VM_U8(Serial16550, lcr),
            VM_U8(Serial16550, mcr),
            VM_U8(Serial16550, lsr),
            VM_U8(Serial16550, msr),
            VM_U8(Serial16550, scr),
            VM_U16(Serial16550, divisor),
            VM_BOOL(Serial16550, thre_pending),
            VM_BOOL(Serial16550, timeout_pending),
            VM_U8_ARRAY(Serial16550, rx_data),
            VM_U8_ARRAY(Serial16550, rx_errors),
            VM_U8(Serial16550, rx_head),
            VM_U8(Serial16550, rx_count),
            VM_U8_ARRAY(Serial16550, tx_data),
            VM_U8(Serial16550, tx_count),
            {},
        },
};
