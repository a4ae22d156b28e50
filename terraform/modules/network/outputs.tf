output "vpc_id" {
  description = "Identifier of the network."
  value       = aws_vpc.this.id
}

output "vpc_cidr" {
  description = "Addresses of the network."
  value       = aws_vpc.this.cidr_block
}

output "availability_zones" {
  description = "The two zones that the subnets stand in."
  value       = local.zones
}

output "public_subnet_ids" {
  description = "Public subnets: slot number, as a string, then its two subnets in the order of the zones."
  value = {
    for slot in var.public_subnet_slots : tostring(slot) => [for zone in local.zones : aws_subnet.public["${slot}-${zone}"].id]
  }
}

output "private_subnet_ids" {
  description = "The two private subnets, in the order of the zones."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "database_subnet_group_name" {
  description = "Subnet group of the private subnets, for a database."
  value       = aws_db_subnet_group.private.name
}

output "subnet_cidrs" {
  description = "Ranges of all subnets: public, slot as a string then its two; private, the two. In the order of the zones."
  value       = { public = local.public_cidrs, private = local.private_cidrs }
}

output "s3_endpoint_id" {
  description = "Gateway endpoint that leads to S3 from every subnet."
  value       = aws_vpc_endpoint.s3.id
}

output "nat_public_ip" {
  description = "Address that the private subnets are seen under on the internet, or null without a NAT gateway."
  value       = one(aws_eip.nat[*].public_ip)
}

output "flow_log_group" {
  description = "CloudWatch log group of the network's flow log, or null where none is kept."
  value       = one(aws_cloudwatch_log_group.flow[*].name)
}
