// SPDX-License-Identifier: GPL-2.0
/* The two devices. They transmit by counting and freeing. */
#include <linux/etherdevice.h>

#include "bench.h"

static struct net_device *devices[BENCH_DEVICES];
static DEFINE_PER_CPU(struct bench_counts, counts);

static netdev_tx_t transmit(struct sk_buff *skb, struct net_device *dev)
{
	int i = dev == devices[1];

	__this_cpu_inc(counts.left[i]);
	__this_cpu_add(counts.bytes[i], skb->len);
	consume_skb(skb);
	return NETDEV_TX_OK;
}

/* A queue of its own for each CPU, as good NICs have. */
static u16 select_queue(struct net_device *dev, struct sk_buff *skb,
			struct net_device *sb_dev)
{
	return smp_processor_id() % dev->real_num_tx_queues;
}

static int sink(struct sk_buff *skb, struct net_device *dev,
		struct packet_type *type, struct net_device *orig_dev)
{
	__this_cpu_inc(counts.sunk);
	consume_skb(skb);
	return NET_RX_SUCCESS;
}

static struct packet_type sink_type = {
	.type = cpu_to_be16(ETH_P_802_EX1),
	.func = sink,
};

static const struct net_device_ops ops = {
	.ndo_start_xmit = transmit,
	.ndo_select_queue = select_queue,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

/* What a good NIC does itself needn't be done for it. */
static void set_up(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &ops;
	dev->needs_free_netdev = true;
	dev->hw_features = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA |
			   NETIF_F_FRAGLIST | NETIF_F_GSO_SOFTWARE |
			   NETIF_F_GSO_ENCAP_ALL;
	dev->features = dev->hw_features;
	dev->hw_enc_features = dev->hw_features;
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

static struct net_device *add_device(int i)
{
	u8 addr[ETH_ALEN] = { 0x02, 'b', 'e', 'n', 'c', i };
	struct net_device *dev;
	int err;

	dev = alloc_netdev_mq(0, "bench%d", NET_NAME_ENUM, set_up,
			      num_possible_cpus());
	if (!dev)
		return ERR_PTR(-ENOMEM);
	eth_hw_addr_set(dev, addr);
	err = register_netdev(dev);
	if (err) {
		free_netdev(dev);
		return ERR_PTR(err);
	}
	return dev;
}

int bench_devices_add(void)
{
	int i;

	for (i = 0; i < BENCH_DEVICES; i++) {
		struct net_device *dev = add_device(i);

		if (IS_ERR(dev)) {
			while (i--)
				unregister_netdev(devices[i]);
			return PTR_ERR(dev);
		}
		devices[i] = dev;
	}
	dev_add_pack(&sink_type);
	return 0;
}

void bench_devices_remove(void)
{
	int i;

	dev_remove_pack(&sink_type);
	for (i = 0; i < BENCH_DEVICES; i++)
		unregister_netdev(devices[i]);
}

struct net_device *bench_device(unsigned int i)
{
	return devices[i];
}

/* Add this CPU's counts to @sum, or take them off. */
void bench_counts_add(struct bench_counts *sum, int sign)
{
	const struct bench_counts *mine = this_cpu_ptr(&counts);
	int i;

	for (i = 0; i < BENCH_DEVICES; i++) {
		sum->left[i] += sign * mine->left[i];
		sum->bytes[i] += sign * mine->bytes[i];
	}
	sum->sunk += sign * mine->sunk;
}
