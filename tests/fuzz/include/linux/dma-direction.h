/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FUZZ_DMA_DIRECTION_H
#define _FUZZ_DMA_DIRECTION_H

enum dma_data_direction { DMA_BIDIRECTIONAL };

#endif /* _FUZZ_DMA_DIRECTION_H */
