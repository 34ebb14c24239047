const MIN_BITS = 2048;
/** Above this a verification takes long enough to stall everybody else. */
const MAX_BITS = 8192;
const MAX_EXPONENT_BYTES = 4;

/** Why an RSA key is not trusted; undefined when nothing speaks against it. Big-endian, without leading zeros. */
export function rsaFault(n: Buffer, e: Buffer): string | undefined {
  const bits = bitLength(n);
  if (bits < MIN_BITS) return `is weak: RSA with ${bits} bits, at least ${MIN_BITS} are required`;
  if (bits > MAX_BITS)
    return `is too large: RSA with ${bits} bits, at most ${MAX_BITS} are accepted`;
  const exponent = exponentFault(e);
  if (exponent !== undefined) return exponent;
  if (isEven(n)) return 'is broken: its RSA modulus is an even number';
  const modulus = BigInt(`0x${n.toString('hex')}`);
  return hasRocaFingerprint(modulus) ? ROCA : undefined;
}

const ROCA =
  'is weak: its RSA modulus has the ROCA fingerprint (CVE-2017-15361), so its private key can be computed';

function exponentFault(e: Buffer): string | undefined {
  if (e.length > MAX_EXPONENT_BYTES) return 'has an RSA exponent of more than 32 bits';
  const value = e.length === 0 ? 0 : e.readUIntBE(0, e.length);
  if (value > 1 && !isEven(e)) return undefined;
  return `is broken: its RSA exponent is ${value}`;
}

function isEven(bytes: Buffer): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 0;
}

function bitLength(bytes: Buffer): number {
  return bytes.length === 0 ? 0 : bytes.length * 8 - (Math.clz32(bytes[0] ?? 0) - 24);
}

/** The odd primes whose product divides the number that the flawed library built its primes on. */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const;

const GENERATOR = 65_537;

/** Each prime with the remainders that powers of the generator leave. */
const FINGERPRINT = PRIMES.map((prime) => [BigInt(prime), powersModulo(prime)] as const);

function powersModulo(prime: number): ReadonlySet<bigint> {
  const powers = new Set<bigint>();
  for (let power = 1; !powers.has(BigInt(power)); power = (power * GENERATOR) % prime) {
    powers.add(BigInt(power));
  }
  return powers;
}

/**
 * Whether an RSA modulus has the fingerprint of CVE-2017-15361 (ROCA, "The Return of Coppersmith's
 * Attack", Nemec et al. 2017, section 2). Both primes of such a key are powers of 65537 modulo many
 * small primes, and so is their product. It can be factored; a sound modulus looks the same once in
 * about a hundred million.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return FINGERPRINT.every(([prime, powers]) => powers.has(modulus % prime));
}
