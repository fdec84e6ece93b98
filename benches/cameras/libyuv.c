// How long libyuv takes for one picture: libyuv FORMAT WIDTH HEIGHT. Prints milliseconds.

#include <libyuv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int convert(const char *f, const uint8_t *in, uint8_t *y, uint8_t *u, uint8_t *v, int w, int h) {
  int c = w / 2, size = w * h;
  if (!strcmp(f, "YUYV")) return YUY2ToI422(in, w * 2, y, w, u, c, v, c, w, h);
  if (!strcmp(f, "UYVY")) return UYVYToI422(in, w * 2, y, w, u, c, v, c, w, h);
  if (!strcmp(f, "NV12")) return NV12ToI420(in, w, in + size, w, y, w, u, c, v, c, w, h);
  if (!strcmp(f, "NV21")) return NV21ToI420(in, w, in + size, w, y, w, u, c, v, c, w, h);
  if (!strcmp(f, "YU12"))
    return I420Copy(in, w, in + size, c, in + size * 5 / 4, c, y, w, u, c, v, c, w, h);
  if (!strcmp(f, "RGB3")) return RAWToJ420(in, w * 3, y, w, u, c, v, c, w, h);
  if (!strcmp(f, "BGR3")) return RGB24ToJ420(in, w * 3, y, w, u, c, v, c, w, h);
  if (!strcmp(f, "RGBP")) return RGB565ToI420(in, w * 2, y, w, u, c, v, c, w, h);
  if (!strcmp(f, "GREY")) return I400ToI420(in, w, y, w, u, c, v, c, w, h);
  return -1;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int rises(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int w = atoi(argv[2]), h = atoi(argv[3]), rounds = 101;
  size_t size = (size_t)w * h;
  uint8_t *in = malloc(size * 3), *out = malloc(size * 3);
  double *times = malloc(sizeof(double) * rounds);
  if (!in || !out || !times) return 1;
  for (size_t at = 0; at < size * 3; at++) in[at] = (uint8_t)(at * 2654435761u >> 24);
  for (int round = 0; round < rounds; round++) {
    double start = now();
    if (convert(argv[1], in, out, out + size, out + size * 2, w, h)) return 1;
    times[round] = now() - start;
  }
  qsort(times, rounds, sizeof(double), rises);
  printf("%f\n", times[rounds / 2]);
  return 0;
}
