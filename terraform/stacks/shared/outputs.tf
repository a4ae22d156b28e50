output "network" {
  description = "The network: vpc_id, vpc_cidr, availability_zones, public_subnet_ids (slot as a string, then two subnets), private_subnet_ids, subnet_cidrs (public by slot, private), database_subnet_group_name, nat_public_ip and flow_log_group (null where not asked for)."
  value = {
    vpc_id                     = module.network.vpc_id
    vpc_cidr                   = module.network.vpc_cidr
    availability_zones         = module.network.availability_zones
    public_subnet_ids          = module.network.public_subnet_ids
    private_subnet_ids         = module.network.private_subnet_ids
    subnet_cidrs               = module.network.subnet_cidrs
    database_subnet_group_name = module.network.database_subnet_group_name
    nat_public_ip              = module.network.nat_public_ip
    flow_log_group             = module.network.flow_log_group
  }
}

output "zone_id" {
  description = "Identifier of the hosted zone."
  value       = aws_route53_zone.this.zone_id
}

output "zone_name" {
  description = "Domain of the hosted zone."
  value       = var.zone_name
}

output "name_servers" {
  description = "Name servers of the hosted zone, to be entered as NS records where the domain above it is kept."
  value       = aws_route53_zone.this.name_servers
}

output "repositories" {
  description = "Image repositories: service, then name, arn and url."
  value = {
    for service, repository in aws_ecr_repository.service : service => {
      name = repository.name
      arn  = repository.arn
      url  = repository.repository_url
    }
  }
}

output "keys_bucket" {
  description = "Private, encrypted bucket for keys that people keep."
  value       = module.keys_bucket.name
}
