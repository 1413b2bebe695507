// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vhost-user-tap SOCKET TAP: the backend of one vhost-user NIC. What arrives at the tap goes to the
 * guest, and back. The protocol and the rings are those of libvhost-user, of QEMU's source.
 *
 * Ends when QEMU closes the connection.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "libvhost-user.h"

enum { RX, TX, QUEUES };	/* as the guest calls them */
enum { CONNECTION, TAP, KICK, FDS };

static int tap;
static VuDev dev;

/* What is waited for. Only of the queue that the guest sends by kicks are asked for, so there is one. */
static struct pollfd fds[FDS];
static vu_watch_cb kicked;
static void *kicked_data;

/* Frames on the tap have the guest's header, so both are moved as they are. */
static int open_tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int header = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &header) < 0)
		err(2, "%s", name);
	return fd;
}

static int accept_qemu(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	unlink(path);
	if (server < 0 || bind(server, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(server, 1) < 0)
		err(2, "%s", path);
	fd = accept(server, NULL, NULL);
	if (fd < 0)
		err(2, "accept");
	close(server);
	return fd;
}

static void to_guest(void)
{
	VuVirtq *vq = vu_get_queue(&dev, RX);
	VuVirtqElement *elem;
	char dropped[65536];
	ssize_t length;

	for (;;) {
		elem = vu_queue_enabled(&dev, vq) && vu_queue_started(&dev, vq) ?
			vu_queue_pop(&dev, vq, sizeof(*elem)) : NULL;
		if (!elem) { /* the guest has no room: lost, as at any NIC */
			if (read(tap, dropped, sizeof(dropped)) < 0)
				return;
			continue;
		}
		length = readv(tap, elem->in_sg, elem->in_num);
		if (length < 0) {
			vu_queue_unpop(&dev, vq, elem, 0);
			free(elem);
			return;
		}
		vu_queue_push(&dev, vq, elem, length);
		vu_queue_notify(&dev, vq);
		free(elem);
	}
}

static void from_guest(VuDev *vudev, int index)
{
	VuVirtq *vq = vu_get_queue(vudev, index);
	VuVirtqElement *elem;

	while ((elem = vu_queue_pop(vudev, vq, sizeof(*elem)))) {
		/* a tap that is down refuses frames: they are lost */
		if (writev(tap, elem->out_sg, elem->out_num) < 0 && errno != EIO)
			warn("tap");
		vu_queue_push(vudev, vq, elem, 0);
		vu_queue_notify(vudev, vq);
		free(elem);
	}
}

static void set_watch(VuDev *vudev, int fd, int condition, vu_watch_cb callback, void *data)
{
	fds[KICK].fd = fd;
	kicked = callback;
	kicked_data = data;
}

static void remove_watch(VuDev *vudev, int fd)
{
	fds[KICK].fd = -1;
}

static void panic(VuDev *vudev, const char *why)
{
	errx(1, "%s", why);
}

static uint64_t get_features(VuDev *vudev)
{
	return 1ULL << VIRTIO_F_VERSION_1;
}

static void set_features(VuDev *vudev, uint64_t features)
{
}

static void queue_set_started(VuDev *vudev, int index, bool started)
{
	if (index == TX)
		vu_set_queue_handler(vudev, vu_get_queue(vudev, index), started ? from_guest : NULL);
}

static const VuDevIface iface = {
	.get_features = get_features,
	.set_features = set_features,
	.queue_set_started = queue_set_started,
};

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(2, "usage: vhost-user-tap SOCKET TAP");
	for (int i = 0; i < FDS; i++)
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	tap = fds[TAP].fd = open_tap(argv[2]);
	fds[CONNECTION].fd = accept_qemu(argv[1]);
	if (!vu_init(&dev, QUEUES, fds[CONNECTION].fd, panic, NULL, set_watch, remove_watch, &iface))
		errx(2, "vu_init");
	for (;;) {
		if (poll(fds, FDS, -1) < 0)
			err(2, "poll");
		if (fds[CONNECTION].revents && !vu_dispatch(&dev))
			return 0;
		if (fds[KICK].fd >= 0 && fds[KICK].revents) /* or it was removed just now */
			kicked(&dev, VU_WATCH_IN, kicked_data);
		if (fds[TAP].revents)
			to_guest();
	}
}
