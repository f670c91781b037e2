/* A PCM that needs no sound card but behaves like one: it moves samples at their rate, and it runs dry, or over, when
 * nobody comes in time. Recorded frames are numbered; played ones go nowhere. */

#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct steady {
	snd_pcm_ioplug_t io;
	struct timespec start;
	int64_t moved; /* frames, by the application since the PCM was prepared */
};

static int64_t passed(const struct steady *pcm)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t nanoseconds = (now.tv_sec - pcm->start.tv_sec) * INT64_C(1000000000) + now.tv_nsec - pcm->start.tv_nsec;
	return nanoseconds * pcm->io.rate / INT64_C(1000000000);
}

static int tick(struct steady *pcm, int64_t nanoseconds)
{
	struct timespec period = { nanoseconds / INT64_C(1000000000), nanoseconds % INT64_C(1000000000) };
	struct itimerspec timer = { period, period };
	return timerfd_settime(pcm->io.poll_fd, 0, &timer, NULL);
}

static int steady_prepare(snd_pcm_ioplug_t *io)
{
	struct steady *pcm = io->private_data;
	pcm->moved = 0;
	return tick(pcm, 0);
}

static int steady_start(snd_pcm_ioplug_t *io)
{
	struct steady *pcm = io->private_data;
	clock_gettime(CLOCK_MONOTONIC, &pcm->start);
	return tick(pcm, io->period_size * INT64_C(1000000000) / io->rate);
}

static int steady_stop(snd_pcm_ioplug_t *io)
{
	return tick(io->private_data, 0);
}

static snd_pcm_sframes_t steady_pointer(snd_pcm_ioplug_t *io)
{
	struct steady *pcm = io->private_data;
	if (io->state == SND_PCM_STATE_PREPARED)
		return 0;
	int64_t frames = passed(pcm);
	if (io->stream == SND_PCM_STREAM_PLAYBACK && frames > pcm->moved) {
		if (io->state != SND_PCM_STATE_DRAINING)
			return -EPIPE;
		frames = pcm->moved;
	}
	if (io->stream == SND_PCM_STREAM_CAPTURE && frames - pcm->moved > (int64_t)io->buffer_size)
		return -EPIPE;
	return frames; /* far from the boundary, in a test */
}

static snd_pcm_sframes_t steady_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
					 snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
	struct steady *pcm = io->private_data;
	if (io->stream == SND_PCM_STREAM_CAPTURE) {
		for (snd_pcm_uframes_t frame = 0; frame < size; frame++)
			for (unsigned int channel = 0; channel < io->channels; channel++) {
				const snd_pcm_channel_area_t *area = &areas[channel];
				size_t bit = area->first + (offset + frame) * area->step;
				*(int16_t *)((char *)area->addr + bit / 8) = (int16_t)(pcm->moved + frame);
			}
	}
	pcm->moved += size;
	return size;
}

static int steady_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned int count, unsigned short *revents)
{
	uint64_t ticks;
	(void)count;
	*revents = 0;
	if (fds[0].revents & POLLIN && read(io->poll_fd, &ticks, sizeof ticks) > 0)
		*revents = io->stream == SND_PCM_STREAM_PLAYBACK ? POLLOUT : POLLIN;
	return 0;
}

static int steady_close(snd_pcm_ioplug_t *io)
{
	close(io->poll_fd);
	free(io->private_data);
	return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.prepare = steady_prepare,
	.start = steady_start,
	.stop = steady_stop,
	.pointer = steady_pointer,
	.transfer = steady_transfer,
	.poll_revents = steady_revents,
	.close = steady_close,
};

SND_PCM_PLUGIN_DEFINE_FUNC(steady)
{
	static const unsigned int access[] = { SND_PCM_ACCESS_RW_INTERLEAVED };
	static const unsigned int format[] = { SND_PCM_FORMAT_S16 };
	struct steady *pcm = calloc(1, sizeof *pcm);
	(void)root, (void)conf;
	if (!pcm)
		return -ENOMEM;
	pcm->io.version = SND_PCM_IOPLUG_VERSION;
	pcm->io.name = "A sound card without sound";
	pcm->io.callback = &callbacks;
	pcm->io.private_data = pcm;
	pcm->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	pcm->io.poll_events = POLLIN;
	/* The pointer runs on. Within the buffer, a whole buffer that went by between two looks would look like nothing. */
	pcm->io.flags = SND_PCM_IOPLUG_FLAG_BOUNDARY_WA;
	int error = snd_pcm_ioplug_create(&pcm->io, name, stream, mode);
	if (error < 0) {
		steady_close(&pcm->io);
		return error;
	}
	snd_pcm_ioplug_set_param_list(&pcm->io, SND_PCM_IOPLUG_HW_ACCESS, 1, access);
	snd_pcm_ioplug_set_param_list(&pcm->io, SND_PCM_IOPLUG_HW_FORMAT, 1, format);
	*pcmp = pcm->io.pcm;
	return 0;
}

SND_PCM_PLUGIN_SYMBOL(steady);
