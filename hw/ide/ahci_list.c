/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that commands name.  Spec: AHCI 1.3.1, 4.2.3.3. */
#include "hw/ide/ahci_internal.h"

enum { ENTRY_BYTES = 16, COUNT_MASK = 0x3fffff };

/* Guest memory, and only that: no device is reached, least of all this one. */
static MemTxAttrs memory_attrs(const AhciPort *port)
{
    MemTxAttrs attrs = pci_dma_attrs(&port->ahci->pci);

    attrs.memory_only = true;
    return attrs;
}

bool ahci_read(const AhciPort *port, uint64_t address, void *buffer, uint32_t bytes)
{
    return address_space_read(&port->ahci->pci.dma, address, buffer, bytes, memory_attrs(port)) ==
           MEMTX_OK;
}

bool ahci_write(const AhciPort *port, uint64_t address, const void *buffer, uint32_t bytes)
{
    return address_space_write(&port->ahci->pci.dma, address, buffer, bytes, memory_attrs(port)) ==
           MEMTX_OK;
}

static bool next_entry(const AhciPort *port, AhciList *list)
{
    uint32_t entry[ENTRY_BYTES / 4];

    if (list->next >= list->entries ||
        !ahci_read(port, list->table + (uint64_t)list->next * ENTRY_BYTES, entry, ENTRY_BYTES)) {
        return false;
    }
    list->next++;
    list->address = GUINT32_FROM_LE(entry[0]) | (uint64_t)GUINT32_FROM_LE(entry[1]) << 32;
    list->left = (GUINT32_FROM_LE(entry[3]) & COUNT_MASK) + 1;
    return true;
}

bool ahci_list_move(const AhciPort *port, AhciList *list, void *buffer, uint32_t bytes,
                    bool to_guest)
{
    uint8_t *at = buffer;

    while (bytes) {
        if (!list->left && !next_entry(port, list)) {
            return false;
        }
        uint32_t piece = MIN(bytes, list->left);
        if (to_guest ? !ahci_write(port, list->address, at, piece)
                     : !ahci_read(port, list->address, at, piece)) {
            return false;
        }
        list->address += piece;
        list->left -= piece;
        list->moved += piece;
        at += piece;
        bytes -= piece;
    }
    return true;
}
