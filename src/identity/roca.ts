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
