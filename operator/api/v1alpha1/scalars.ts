import * as z from 'zod';
import { durationPattern } from '../../base/durations.ts';
import { quantityPattern } from '../../base/quantities.ts';

/** A length of time such as `90s`, `10m` or `2h30m`. */
export const Duration = z
  .string()
  .max(32)
  .regex(durationPattern, 'must be a duration such as 90s, 10m or 2h30m');

/** A Kubernetes quantity such as `4`, `500m` or `200Gi`. */
export const Quantity = z
  .union([
    z.int().min(0),
    z.string().max(32).regex(quantityPattern, 'must be a quantity such as 4, 500m or 200Gi'),
  ])
  .meta({ 'x-kubernetes-int-or-string': true });

/** A location: a folder or file on this machine (`file:///data`, or a path) or in object storage (`s3://bucket/key`). */
export const Uri = z
  .string()
  .min(1)
  .max(1024)
  .regex(
    /^(s3:\/\/[a-z0-9][a-z0-9.-]*[a-z0-9](\/.*)?|file:\/\/\/.*|\/.*|\.\.?\/.*)$/,
    'must be s3://bucket/key, file:///path or a path that begins with / or ./',
  );

/** A moment in RFC 3339, as Kubernetes writes it. */
export const Timestamp = z.string().max(64).meta({ format: 'date-time' });

/** A DNS label, as in names of Kubernetes objects that become host names. */
export const DnsLabel = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be lower-case letters, digits and -');

/** Name of an object of the same namespace or of the cluster: a DNS subdomain, so that no path or other namespace is in it. */
export const ObjectName = z
  .string()
  .min(1)
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be the name of an object: lower-case letters, digits, - and .',
  );
