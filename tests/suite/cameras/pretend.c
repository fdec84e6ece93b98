// Pretends a V4L2 camera to the program into which it is preloaded, as /dev/video0.
//
// The folder $PRETEND holds all there is to it, and is read anew whenever it matters:
//   dev/video0   there while the camera is plugged in (what /dev lists, for this program)
//   name         the camera's name
//   formats      a line each: its code, then intervals: MJPG 1001/30000 2/15
//   size         of its pictures: 64 48; two more sides and steps make a range: 16 16 128 96 2 2
//   words        stride, colorspace, ycbcr_enc, quantization, as the driver tells them
//   picture      the bytes of each picture
//   sizes        if it is there, so many sizes are listed: 8x6, 16x12, …
//   faults       words: silent (no picture comes), marked (V4L2_BUF_FLAG_ERROR), short (half of the
//                bytes), empty (none), beyond (more bytes than a buffer has), late (stamped half a
//                second ago), unstamped, busy, unbuffered (STREAMON gives ENOSPC), eio (DQBUF gives
//                it; with once, once), elsewhere (DQBUF gives a buffer that there is not), sizeless (0x0)
//   controls     if it is there, the camera has controls, all forgotten when it is unplugged;
//                `auto` in it: it finds out by itself how lamps flicker; `odd`: ranges the wrong way
//                round, steps of 0, names that are no UTF-8, menus without end
//   asked        what was asked of it, a line each; written here
//
// The device is an eventfd that counts full buffers, so that the system's own poll works on it.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define NODE "/dev/video0"
#define SYSFS "/sys/class/video4linux/video0/"
#define HANDLES 64
#define BUFFERS 4
#define BUFFER_BYTES (1u << 20)
#define LINES 16

struct handle {
    int fd, dead;
};
struct format {
    uint32_t code;
    int count;
    struct v4l2_fract intervals[LINES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct handle handles[HANDLES];
static struct format formats[LINES];
static int format_count, standing = -1, memory = -1;
static uint8_t *mapped;
static struct handle *streaming;
static struct v4l2_pix_format last;
static pthread_t feeder;
static int full[BUFFERS], full_count, queued[BUFFERS], queued_count;
static struct v4l2_buffer done[BUFFERS];
static struct v4l2_queryctrl controls[6];
static int control_count, values[6], had_camera;

static int fail(int number) { errno = number; return -1; }

static const char *at(const char *name) {
    static __thread char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("PRETEND"), name);
    return path;
}
static size_t content(const char *name, void *into, size_t most) {
    int fd = REAL(open64)(at(name), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    size_t total = 0;
    for (ssize_t got; total < most && (got = read(fd, (char *)into + total, most - total)) > 0;) total += got;
    REAL(close)(fd);
    return total;
}
static int faulty(const char *word) {
    char words[256];
    words[content("faults", words, sizeof words - 1)] = 0;
    return strstr(words, word) != 0;
}
static int plugged(void) { return REAL(access)(at("dev/video0"), F_OK) == 0; }
static void note(const char *form, ...) {
    char line[128];
    va_list arguments;
    va_start(arguments, form);
    int length = vsnprintf(line, sizeof line, form, arguments);
    va_end(arguments);
    int fd = REAL(open64)(at("asked"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (write(fd, line, length) < 0) abort();
    REAL(close)(fd);
}
static void read_formats(void) {
    char text[4096], *line, *rest = text;
    text[content("formats", text, sizeof text - 1)] = 0;
    for (format_count = 0; (line = strsep(&rest, "\n")) && format_count < LINES;) {
        if (strlen(line) < 4) continue;
        struct format *format = &formats[format_count++];
        format->code = v4l2_fourcc(line[0], line[1], line[2], line[3]);
        format->count = 0;
        for (char *word = line + 4; (word = strchr(word, ' ')) && format->count < LINES; word++) {
            struct v4l2_fract *interval = &format->intervals[format->count++];
            sscanf(word, " %u/%u", &interval->numerator, &interval->denominator);
        }
    }
    if (standing < 0 || standing >= format_count) standing = 0;
}
static struct format *format_of(uint32_t code) {
    for (int i = 0; i < format_count; i++) if (formats[i].code == code) return &formats[i];
    return 0;
}
static void numbers(const char *name, unsigned *into, int count) {
    char text[256], *rest = text;
    text[content(name, text, sizeof text - 1)] = 0;
    for (int i = 0; i < count; i++) into[i] = strtoul(rest, &rest, 0);
}
static struct handle *find(int fd) {
    for (int i = 0; fd > 0 && i < HANDLES; i++) if (handles[i].fd == fd) return &handles[i];
    return 0;
}

// --- pictures

static void *feed(void *argument) {
    struct handle *handle = argument;
    for (unsigned sequence = 0;; sequence++) {
        struct timespec pause = {0, 20000000}, now;
        nanosleep(&pause, 0);
        pthread_mutex_lock(&lock);
        if (streaming != handle) break;
        if (!plugged()) {
            handle->dead = 1;
            had_camera = 0;
            eventfd_write(handle->fd, 1);
            break;
        }
        if (queued_count && !faulty("silent")) {
            int index = queued[0];
            memmove(queued, queued + 1, --queued_count * sizeof *queued);
            struct v4l2_buffer *buffer = &done[index];
            memset(buffer, 0, sizeof *buffer);
            buffer->bytesused = content("picture", mapped + index * BUFFER_BYTES, BUFFER_BYTES);
            if (faulty("short")) buffer->bytesused /= 2;
            if (faulty("empty")) buffer->bytesused = 0;
            if (faulty("beyond")) buffer->bytesused = UINT32_MAX;
            clock_gettime(CLOCK_MONOTONIC, &now);
            long since = now.tv_sec * 1000000 + now.tv_nsec / 1000 - (faulty("late") ? 500000 : 0);
            buffer->timestamp.tv_sec = since / 1000000;
            buffer->timestamp.tv_usec = since % 1000000;
            buffer->flags = faulty("unstamped") ? 0 : V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
            if (faulty("marked")) buffer->flags |= V4L2_BUF_FLAG_ERROR;
            buffer->index = index;
            buffer->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
            buffer->memory = V4L2_MEMORY_MMAP;
            buffer->length = BUFFER_BYTES;
            buffer->sequence = sequence;
            full[full_count++] = index;
            eventfd_write(handle->fd, 1);
        }
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return 0;
}
static void stop(void) { // with the lock held
    if (!streaming) return;
    streaming = 0;
    pthread_mutex_unlock(&lock);
    pthread_join(feeder, 0);
    pthread_mutex_lock(&lock);
    full_count = queued_count = 0;
}

// --- calls

static unsigned more_sizes(void) {
    unsigned count;
    numbers("sizes", &count, 1);
    return count;
}
static void describe(struct v4l2_pix_format *pix) {
    unsigned sides[6], words[4];
    numbers("size", sides, 6);
    numbers("words", words, 4);
    // Of several sizes it takes what it is asked for.
    if (!sides[2] && !more_sizes()) pix->width = sides[0], pix->height = sides[1];
    if (faulty("sizeless")) pix->width = pix->height = 0;
    pix->pixelformat = formats[standing].code;
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = words[0];
    pix->sizeimage = BUFFER_BYTES;
    pix->colorspace = words[1];
    pix->ycbcr_enc = words[2];
    pix->quantization = words[3];
    pix->priv = V4L2_PIX_FMT_PRIV_MAGIC;
    pix->flags = pix->xfer_func = 0;
}
static int set_rate(struct v4l2_fract *asked) {
    struct format *format = &formats[standing];
    note("S_PARM %u/%u\n", asked->numerator, asked->denominator);
    double wanted = asked->numerator / (double)asked->denominator;
    struct v4l2_fract *best = 0;
    for (int i = 0; i < format->count; i++) {
        struct v4l2_fract *one = &format->intervals[i];
        double off = one->numerator / (double)one->denominator - wanted;
        double least = best ? best->numerator / (double)best->denominator - wanted : 1e9;
        if (off * off < least * least) best = one;
    }
    if (!best) return fail(ENOTTY);
    *asked = *best;
    return 0;
}
static const struct v4l2_queryctrl plain_controls[3] = {
    {V4L2_CID_BRIGHTNESS, V4L2_CTRL_TYPE_INTEGER, "Brightness", 0, 255, 1, 128, 0, {0}},
    {V4L2_CID_AUTO_WHITE_BALANCE, V4L2_CTRL_TYPE_BOOLEAN, "White Balance, Automatic", 0, 1, 1, 1, 0, {0}},
    {V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU, "Power Line Frequency", 0, 2, 1, 1, 0, {0}},
};
static const struct v4l2_queryctrl odd_controls[6] = {
    {V4L2_CID_BRIGHTNESS, V4L2_CTRL_TYPE_INTEGER, "Brightness", 255, 0, 0, 128, 0, {0}},
    {V4L2_CID_CONTRAST, V4L2_CTRL_TYPE_INTEGER, "K\xf6rnung", INT32_MIN, INT32_MAX, -1, 0, 0, {0}},
    {V4L2_CID_HUE, 99, "Of no type", 0, 1, 1, 0, 0, {0}},
    {V4L2_CID_GAMMA, V4L2_CTRL_TYPE_MENU, "Endless", 0, INT32_MAX, 1, 0, 0, {0}},
    {V4L2_CID_GAIN, V4L2_CTRL_TYPE_MENU, "Unnamed", 0, 2, 1, 7, 0, {0}},
    {V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU, "Power Line Frequency", 2, 0, 1, 9, 0, {0}},
};
static void read_controls(void) {
    char words[64];
    words[content("controls", words, sizeof words - 1)] = 0;
    int odd = strstr(words, "odd") != 0;
    control_count = odd ? 6 : 3;
    memcpy(controls, odd ? odd_controls : plain_controls, control_count * sizeof *controls);
    if (strstr(words, "auto")) controls[2].maximum = controls[2].default_value = 3;
}
static int control(unsigned long request, void *argument) {
    struct v4l2_queryctrl *query = argument;
    struct v4l2_control *value = argument;
    struct v4l2_querymenu *menu = argument;
    static const char *items[4] = {"Disabled", "50 Hz", "60 Hz", "Auto"};
    if (REAL(access)(at("controls"), F_OK)) return fail(ENOTTY);
    if (request == VIDIOC_QUERYCTRL && query->id & V4L2_CTRL_FLAG_NEXT_CTRL) {
        for (int i = 0; i < control_count; i++)
            if (controls[i].id > (query->id & V4L2_CTRL_ID_MASK)) { *query = controls[i]; return 0; }
        return fail(EINVAL);
    }
    int which = -1;
    for (int i = 0; i < control_count; i++) if (controls[i].id == query->id) which = i;
    if (which < 0) return fail(EINVAL);
    if (request == VIDIOC_QUERYCTRL) *query = controls[which];
    if (request == VIDIOC_QUERYMENU) {
        if (controls[which].type != V4L2_CTRL_TYPE_MENU || menu->index > (unsigned)controls[which].maximum) return fail(EINVAL);
        if (which == control_count - 1) strcpy((char *)menu->name, items[menu->index & 3]);
        else memset(menu->name, 0xc3, sizeof menu->name);
    }
    if (request == VIDIOC_G_CTRL) value->value = values[which];
    if (request == VIDIOC_S_CTRL) {
        note("S_CTRL %s %d\n", controls[which].name, value->value);
        values[which] = value->value;
    }
    return 0;
}
static int call(struct handle *handle, unsigned long request, void *argument) {
    if (handle->dead || !plugged()) return handle->dead = 1, fail(ENODEV);
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *about = argument;
        memset(about, 0, sizeof *about);
        strcpy((char *)about->driver, "pretend");
        about->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        about->capabilities = about->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *one = argument;
        if (one->type != V4L2_BUF_TYPE_VIDEO_CAPTURE || one->index >= (unsigned)format_count) return fail(EINVAL);
        one->pixelformat = formats[one->index].code;
        // No room for the NUL, and cut inside a letter.
        memset(one->description, 0xc3, sizeof one->description);
        return 0;
    }
    case VIDIOC_ENUM_FRAMESIZES: {
        struct v4l2_frmsizeenum *one = argument;
        unsigned sides[6], more = more_sizes();
        numbers("size", sides, 6);
        if (!format_of(one->pixel_format) || one->index >= (more ? more : 1)) return fail(EINVAL);
        if (more) sides[0] = 8 * (one->index + 1), sides[1] = 6 * (one->index + 1), sides[2] = 0;
        one->type = sides[2] ? V4L2_FRMSIZE_TYPE_STEPWISE : V4L2_FRMSIZE_TYPE_DISCRETE;
        if (sides[2]) one->stepwise = (struct v4l2_frmsize_stepwise){sides[0], sides[2], sides[4], sides[1], sides[3], sides[5]};
        else one->discrete = (struct v4l2_frmsize_discrete){sides[0], sides[1]};
        return 0;
    }
    case VIDIOC_ENUM_FRAMEINTERVALS: {
        struct v4l2_frmivalenum *one = argument;
        struct format *format = format_of(one->pixel_format);
        if (!format || one->index >= (unsigned)format->count) return fail(EINVAL);
        one->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        one->discrete = format->intervals[one->index];
        return 0;
    }
    case VIDIOC_S_FMT: {
        struct v4l2_pix_format *pix = &((struct v4l2_format *)argument)->fmt.pix;
        if (faulty("busy")) return fail(EBUSY);
        struct format *format = format_of(pix->pixelformat);
        if (format) standing = format - formats;
        describe(pix);
        note("S_FMT %.4s %ux%u\n", (char *)&pix->pixelformat, pix->width, pix->height);
        last = *pix;
        return 0;
    }
    case VIDIOC_G_FMT: {
        struct v4l2_pix_format *pix = &((struct v4l2_format *)argument)->fmt.pix;
        *pix = last;
        describe(pix);
        return 0;
    }
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_S_PARM: return set_rate(&((struct v4l2_streamparm *)argument)->parm.capture.timeperframe);
    case VIDIOC_QUERYCTRL: case VIDIOC_QUERYMENU: case VIDIOC_G_CTRL: case VIDIOC_S_CTRL: return control(request, argument);
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *wanted = argument;
        if (memory < 0) {
            memory = memfd_create("pretend", MFD_CLOEXEC);
            if (ftruncate(memory, BUFFERS * BUFFER_BYTES)) abort();
            mapped = REAL(mmap)(0, BUFFERS * BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
        }
        if (!streaming) full_count = queued_count = 0;
        if (wanted->count) wanted->count = BUFFERS;
        return 0;
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *buffer = argument;
        if (buffer->index >= BUFFERS) return fail(EINVAL);
        buffer->length = BUFFER_BYTES;
        buffer->m.offset = buffer->index * BUFFER_BYTES;
        return 0;
    }
    case VIDIOC_QBUF: {
        struct v4l2_buffer *buffer = argument;
        if (buffer->index >= BUFFERS || queued_count == BUFFERS) return fail(EINVAL);
        for (int i = 0; i < queued_count; i++) if (queued[i] == (int)buffer->index) return fail(EINVAL);
        queued[queued_count++] = buffer->index;
        return 0;
    }
    case VIDIOC_DQBUF: {
        eventfd_t one;
        if (!streaming) return fail(EINVAL);
        if (!full_count) return fail(EAGAIN);
        if (faulty("eio")) {
            if (faulty("once")) REAL(unlink)(at("faults"));
            return fail(EIO);
        }
        eventfd_read(handle->fd, &one);
        *(struct v4l2_buffer *)argument = done[full[0]];
        if (faulty("elsewhere")) ((struct v4l2_buffer *)argument)->index = 77;
        memmove(full, full + 1, --full_count * sizeof *full);
        return 0;
    }
    case VIDIOC_STREAMON:
        if (faulty("unbuffered")) return fail(ENOSPC);
        streaming = handle;
        note("STREAMON\n");
        return pthread_create(&feeder, 0, feed, handle) ? fail(EAGAIN) : 0;
    case VIDIOC_STREAMOFF: stop(); return 0;
    }
    return fail(ENOTTY);
}

// --- what the program calls

static int opened(void) {
    if (!plugged()) return had_camera = 0, fail(ENOENT);
    pthread_mutex_lock(&lock);
    if (!had_camera) {
        read_controls();
        for (int i = 0; i < control_count; i++) values[i] = controls[i].default_value;
        had_camera = 1;
    }
    read_formats();
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE), i = 0;
    while (handles[i].fd) i++;
    handles[i] = (struct handle){fd, 0};
    pthread_mutex_unlock(&lock);
    return fd;
}
int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (!strcmp(path, NODE)) return opened();
    if (!strncmp(path, SYSFS, strlen(SYSFS))) path = at(path + strlen(SYSFS));
    return REAL(open64)(path, flags, mode);
}
int open(const char *path, int flags, ...) __attribute__((alias("open64")));
DIR *opendir(const char *path) { return REAL(opendir)(strcmp(path, "/dev") ? path : at("dev")); }
int close(int fd) {
    pthread_mutex_lock(&lock);
    struct handle *handle = find(fd);
    if (handle && handle == streaming) stop();
    if (handle) handle->fd = 0;
    pthread_mutex_unlock(&lock);
    return REAL(close)(fd);
}
int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    pthread_mutex_lock(&lock);
    struct handle *handle = find(fd);
    int answer = handle ? call(handle, request & 0xffffffff, argument) : 0;
    int number = errno;
    pthread_mutex_unlock(&lock);
    errno = number;
    return handle ? answer : REAL(ioctl)(fd, request, argument);
}
void *mmap64(void *start, size_t length, int protection, int flags, int fd, off64_t offset) {
    return REAL(mmap64)(start, length, protection, flags, find(fd) ? memory : fd, offset);
}
void *mmap(void *start, size_t length, int protection, int flags, int fd, off_t offset) __attribute__((alias("mmap64")));
// What ustreamer calls beside these (benches/tls). An eventfd could always be written to.
int access(const char *path, int mode) { return REAL(access)(strcmp(path, NODE) ? path : at("dev/video0"), mode); }
int select(int count, fd_set *read, fd_set *write, fd_set *except, struct timeval *patience) {
    for (int fd = 0; write && fd < count; fd++) if (FD_ISSET(fd, write) && find(fd)) FD_CLR(fd, write);
    return REAL(select)(count, read, write, except, patience);
}
