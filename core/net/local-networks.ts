/**
 * Networks that are never on the internet (RFC 1918, RFC 3927, RFC 4193, RFC 4291): what a printer or a router of the
 * local network has. For these alone a route of the host may go before a default route into the tunnel: whoever gives
 * out addresses on a network can also give out routes (DHCP option 121), and could else lead everything past it.
 */
export const LOCAL_NETWORKS: Readonly<Record<4 | 6, readonly string[]>> = {
  4: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'],
  6: ['fc00::/7', 'fe80::/10'],
};

/** Where a local network is as a whole: those, what goes to all or many on the link, and the broadcast address. */
export const LAN: Readonly<Record<4 | 6, readonly string[]>> = {
  4: [...LOCAL_NETWORKS[4], '224.0.0.0/24', '239.255.0.0/16', '255.255.255.255'],
  6: [...LOCAL_NETWORKS[6], 'ff01::/16', 'ff02::/16', 'ff03::/16', 'ff04::/16', 'ff05::/16'],
};
