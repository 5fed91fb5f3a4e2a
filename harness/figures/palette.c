#include "harness/figures/palette.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct {
  const char *collector;
  uint32_t colour;
} collectors[] = {
    {"none", PALETTE_GREY},         {"refcount", PALETTE_ORANGE}, {"refcount_cyclic", PALETTE_BLUE},
    {"marksweep", PALETTE_GREEN},   {"semispace", PALETTE_SKY},   {"boehm", PALETTE_PURPLE},
    {"cpython", PALETTE_VERMILION},
};

uint32_t palette_collector(const char *name)
{
  for (size_t i = 0; i < sizeof collectors / sizeof collectors[0]; i++) {
    if (strcmp(collectors[i].collector, name) == 0) return collectors[i].colour;
  }
  /* A collector that came later: a colour of its own out of three, by its name. */
  static const uint32_t others[] = {PALETTE_YELLOW, PALETTE_INK, 0x8c6d1f};
  unsigned hash = 0;
  for (const char *c = name; *c != '\0'; c++) hash = hash * 31 + (unsigned char)*c;
  return others[hash % 3];
}

uint32_t palette_generation(int generation)
{
  static const uint32_t colours[] = {PALETTE_BLUE, PALETTE_ORANGE, PALETTE_VERMILION};
  return colours[generation < 0 || generation > 2 ? 2 : generation];
}

static double channel(uint32_t colour, int shift) { return (double)((colour >> shift) & 255) / 255; }

static uint32_t pack(double red, double green, double blue)
{
  return (uint32_t)lround(red * 255) << 16 | (uint32_t)lround(green * 255) << 8 | (uint32_t)lround(blue * 255);
}

static double linear(double c) { return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4); }

static double luminance(uint32_t colour)
{
  return 0.2126 * linear(channel(colour, 16)) + 0.7152 * linear(channel(colour, 8)) +
         0.0722 * linear(channel(colour, 0));
}

/* A contrast of 4.5 : 1 on white is a luminance of 0.183 at most (WCAG 2.1). */
uint32_t palette_text(uint32_t colour)
{
  while (luminance(colour) > 0.183)
    colour = pack(channel(colour, 16) * 0.97, channel(colour, 8) * 0.97, channel(colour, 0) * 0.97);
  return colour;
}

uint32_t palette_tint(uint32_t colour, double strength)
{
  const double rest = 1 - strength;
  return pack(rest + strength * channel(colour, 16), rest + strength * channel(colour, 8),
              rest + strength * channel(colour, 0));
}

uint32_t palette_heat(double value)
{
  /* From near white through yellow-orange to a dark purple: light is little, and grey print keeps the order. */
  static const uint32_t stops[] = {0xfff7dc, 0xfddc9a, 0xfbb36b, 0xf0795c, 0xc8466b, 0x892a72, 0x451a5e};
  const int last = (int)(sizeof stops / sizeof stops[0]) - 1;
  const double at = fmin(fmax(value, 0), 1) * last;
  const int i = at >= last ? last - 1 : (int)at;
  const double t = at - i;
  return pack(channel(stops[i], 16) * (1 - t) + channel(stops[i + 1], 16) * t,
              channel(stops[i], 8) * (1 - t) + channel(stops[i + 1], 8) * t,
              channel(stops[i], 0) * (1 - t) + channel(stops[i + 1], 0) * t);
}

uint32_t palette_contrast(uint32_t colour) { return luminance(colour) > 0.25 ? PALETTE_INK : 0xffffff; }
