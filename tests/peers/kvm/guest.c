/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest of one page: it opens the first port of its virtio serial device, as a guest agent does,
 * and halts. QEMU tells libvirt then that the agent is connected; who answers on the channel's
 * socket is up to the test. A multiboot kernel, 32 bits, no library:
 *
 *   gcc -m32 -ffreestanding -nostdlib -fno-pie -no-pie -static -Wl,-Ttext=0x100000 -o guest guest.c
 *
 * With -DPOWER_BUTTON it does not halt: it watches the power button, and goes off when it is
 * pressed, as a guest with ACPI does (on machine type pc).
 *
 * Source: Virtio 1.1, 4.1.4.8 (legacy PCI layout) and 5.3 (console device); Multiboot 0.6.96;
 * ACPI 6.3, 4.8.3 (PM1 registers); Intel 82371AB, 7.2 (where they are).
 */
#include <stdint.h>

enum {
    PCI_ADDRESS = 0xcf8,
    PCI_DATA = 0xcfc,
    VIRTIO_SERIAL = 0x10031af4, /* device 1003, vendor 1af4 */
    /* registers from BAR 0 on */
    GUEST_FEATURES = 4,
    QUEUE_PAGE = 8,
    QUEUE_SELECT = 14,
    QUEUE_NOTIFY = 16,
    STATUS = 18,
    MULTIPORT = 1 << 1,
    CONTROL_OUT = 3, /* queue */
    QUEUE_SIZE = 32, /* of the control queues, fixed by QEMU */
    PAGE = 4096,
    DEVICE_READY = 0, /* control events */
    PORT_READY = 3,
    PORT_OPEN = 6,
};

struct multiboot {
    uint32_t magic, flags, checksum;
};
__attribute__((section(".text.head"), used)) static const struct multiboot multiboot = {
    0x1badb002, 0, -0x1badb002U};

struct control {
    uint32_t port;
    uint16_t event, value;
};

struct queue {
    struct {
        uint64_t address;
        uint32_t length;
        uint16_t flags, next;
    } descriptors[QUEUE_SIZE];
    struct {
        uint16_t flags, index, ring[QUEUE_SIZE];
    } available;
    __attribute__((aligned(PAGE))) struct {
        uint16_t flags, index;
        uint32_t ring[2 * QUEUE_SIZE];
    } used;
};

static volatile __attribute__((aligned(PAGE))) struct queue queue;
static struct control messages[QUEUE_SIZE];
__attribute__((used)) static uint8_t stack[PAGE];

static void
out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static void
out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static void
out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint32_t
pci_read(uint32_t function, uint32_t offset)
{
    uint32_t value;
    out32(PCI_ADDRESS, 1U << 31 | function << 8 | offset);
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"((uint16_t)PCI_DATA));
    return value;
}

static void
pci_write(uint32_t function, uint32_t offset, uint32_t value)
{
    out32(PCI_ADDRESS, 1U << 31 | function << 8 | offset);
    out32(PCI_DATA, value);
}

static void
tell(uint16_t io, uint32_t port, uint16_t event)
{
    uint16_t slot = queue.available.index % QUEUE_SIZE;
    messages[slot] = (struct control){port, event, 1};
    queue.descriptors[slot].address = (uint32_t)&messages[slot];
    queue.descriptors[slot].length = sizeof messages[slot];
    queue.available.ring[slot] = slot;
    __asm__ volatile("" : : : "memory");
    queue.available.index++;
    out16(io + QUEUE_NOTIFY, CONTROL_OUT);
    while (queue.used.index != queue.available.index)
        __asm__ volatile("pause");
}

static void
open_port(uint32_t function)
{
    uint16_t io = pci_read(function, 0x10) & 0xfffc;
    pci_write(function, 4, pci_read(function, 4) | 5); /* I/O and bus master */
    out8(io + STATUS, 0);
    out8(io + STATUS, 3); /* acknowledged, driver */
    out32(io + GUEST_FEATURES, MULTIPORT);
    out16(io + QUEUE_SELECT, CONTROL_OUT);
    out32(io + QUEUE_PAGE, (uint32_t)&queue / PAGE);
    out8(io + STATUS, 7); /* and ready */
    tell(io, 0, DEVICE_READY);
    tell(io, 1, PORT_READY);
    tell(io, 1, PORT_OPEN);
}

#ifdef POWER_BUTTON
static uint16_t
in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void
wait_for_button(void)
{
    enum { POWER_MANAGEMENT = 1 << 3 | 3, BASE = 0x40, BUTTON = 1 << 8, SLEEP = 1 << 13 };
    uint16_t io = pci_read(POWER_MANAGEMENT, BASE) & 0xffc0;
    out16(io + 2, BUTTON); /* enabled: else QEMU does not note it */
    while (!(in16(io) & BUTTON))
        __asm__ volatile("pause");
    out16(io + 4, SLEEP); /* of type 0: off */
}
#else
static void
wait_for_button(void)
{
}
#endif

__attribute__((used)) static void
guest(void)
{
    for (uint32_t function = 0; function < 0x10000; function++)
        if (pci_read(function, 0) == VIRTIO_SERIAL)
            open_port(function);
    wait_for_button();
    for (;;)
        __asm__ volatile("cli; hlt");
}

__asm__(".globl _start\n_start: movl $stack + 4096, %esp\ncall guest\n");
