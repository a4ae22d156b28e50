output "name" {
  description = "Name of the key pair, or null where none was made."
  value       = one(aws_key_pair.this[*].key_name)
}
