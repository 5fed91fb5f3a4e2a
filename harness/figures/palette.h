/* palette: Okabe and Ito's colours, which colour-blind readers tell apart; the same collector always has the same. */
#ifndef GCLAB_HARNESS_FIGURES_PALETTE_H
#define GCLAB_HARNESS_FIGURES_PALETTE_H

#include <stdint.h>

enum {
  PALETTE_INK = 0x202124,
  PALETTE_TEXT = 0x3c4043,
  PALETTE_QUIET = 0x5f6368,
  PALETTE_GREY = 0x80868b,
  PALETTE_LIGHT = 0xdadce0,
  PALETTE_BLUE = 0x0072b2,
  PALETTE_VERMILION = 0xd55e00,
  PALETTE_GREEN = 0x009e73,
  PALETTE_ORANGE = 0xe69f00,
  PALETTE_PURPLE = 0xcc79a7,
  PALETTE_SKY = 0x56b4e9,
  PALETTE_YELLOW = 0xf0e442
};

uint32_t palette_collector(const char *name);
uint32_t palette_generation(int generation);

/* The colour, darkened as far as needed to be read as text on white. */
uint32_t palette_text(uint32_t colour);

/* The colour mixed with white: strength 1 is the colour, 0 white. */
uint32_t palette_tint(uint32_t colour, double strength);

/* From light to dark over 0 to 1, monotone in lightness; and black or white, whichever reads better on a colour. */
uint32_t palette_heat(double value);
uint32_t palette_contrast(uint32_t colour);

#endif
